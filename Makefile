# Everything a developer does here. `make` lists it. Needs Rust, Python 3.10 or newer and make; all else is set
# up in .local, which may be removed at any time (`make clean`) at the price of doing it again.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup models run stop status demo test test-run lint fmt deny audit validate bench bench-vision bench-index bench-learning evals fuzz sam-build sam-local train clean check-python

VENV := .local/venv
PYTHON := $(VENV)/bin/python
STACK := $(PYTHON) tests/stack/stack.py
TOOLS := $(VENV)/.tools
MODELS := .local/models/.fetched
TRAINING := $(VENV)/.training
BENCHING := $(VENV)/.benching
# Tools of the virtual environment come first: cargo finds `cargo lambda`, `cargo nextest` and `cargo deny` there.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
CARGO_TEST := cargo nextest run --workspace --features drape-e2e/stack

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  DRAPE_PORT=4570 make run   another port than 4566"

setup: $(TOOLS) $(MODELS) ## Virtual environment with pinned tools, and the models (done by the others as needed)

models: $(MODELS) ## Fetch, convert and pack the vision models, SHA-256 checked

run: setup ## Build, start the emulator, deploy; again after a change. No account, no Docker, no key
	@$(STACK) up

stop: $(TOOLS) ## End what `make run` started; data stay
	@$(STACK) down

status: $(TOOLS) ## Does it run, and where
	@$(STACK) status

demo: ## PHOTOS=folder of clothing photos BODY=full-body photo [LIMIT=40]: the whole way to demo/index.html
	@test -n "$(PHOTOS)" || { echo "PHOTOS is missing: make demo PHOTOS=<folder of clothing photos> BODY=<full-body photo>" >&2; exit 2; }
	@test -n "$(BODY)" || { echo "BODY is missing: make demo PHOTOS=$(PHOTOS) BODY=<full-body photo>" >&2; exit 2; }
	@test -d "$(PHOTOS)" || { echo "PHOTOS=$(PHOTOS) is not a folder" >&2; exit 2; }
	@test -f "$(BODY)" || { echo "BODY=$(BODY) is not a file" >&2; exit 2; }
	@$(MAKE) --no-print-directory run
	@cargo build -p drape-demo
	@api=$$($(PYTHON) -c 'import json; print(json.load(open(".local/outputs.json"))["ApiUrl"])') && \
	  cargo run --quiet -p drape-demo -- --photos "$(PHOTOS)" --body "$(BODY)" --api "$$api" --out demo $(if $(LIMIT),--limit $(LIMIT))

test: setup lint deny validate ## Every check and test, with a stack of its own that enforces IAM
	@$(CARGO_TEST) --no-run
	@$(STACK) --test --auth --parameter OpenMeteoUrl=http://127.0.0.1:9 run -- $(MAKE) --no-print-directory test-run

# Within the stack that `test` starts.
test-run:
	@cargo test --quiet --doc -p drape-domain -p drape-vision -p drape-recommender -p drape-providers -p drape-common
	@$(CARGO_TEST) --no-fail-fast

lint: setup ## Formatting and clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features drape-e2e/stack -- -D warnings

fmt: ## Format the code
	cargo fmt --all

deny: $(TOOLS) ## Licences, banned crates and sources, without a network
	@cargo fetch --quiet --locked --offline 2>/dev/null || cargo fetch --quiet --locked
	cargo deny --offline --log-level error check bans licenses sources

audit: $(TOOLS) ## Known advisories; fetches the advisory database, so it needs a network
	cargo deny check advisories

validate: $(TOOLS) ## template.yaml through SAM and cfn-lint
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam validate --lint --template-file template.yaml

# Lambda's own binaries where this machine can run them, which is what `sam build` makes; elsewhere native ones.
ifeq ($(shell uname -sm),Linux x86_64)
BENCH_BUILD := $(MAKE) --no-print-directory sam-build && cargo lambda build --quiet --release --lambda-dir .local/bench
BENCH_RUN := --binaries .aws-sam/build --hello .local/bench/hello-world/bootstrap
else
BENCH_BUILD := cargo build --release --workspace --exclude drape-bench --exclude drape-demo --bins && cargo build --quiet --release
BENCH_RUN := --binaries target/release --hello target/release/hello-world
endif
bench: setup $(BENCHING) ## Start-up, replies, memory, sizes of the release binaries; the index. ARGS="--runs 5 --only me-get"
	@$(BENCH_BUILD) -p drape-bench --no-default-features --bin hello-world
	@cargo run --quiet -p drape-bench -- $(BENCH_RUN) $(ARGS)
	@$(if $(ARGS),,$(MAKE) --no-print-directory bench-index)

# hnswlib comes as sources alone, which need g++; without it the others are measured.
bench-index: setup $(BENCHING) ## The index beside faiss, usearch and hnswlib. ARGS="--rows 1000000 --queries 50" or "--vectors FILE.npy"
	@$(PYTHON) -c 'import hnswlib' 2>/dev/null || $(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements-hnswlib.txt 2>/dev/null \
	  || echo "  hnswlib cannot be built here (needs g++): it is passed over"
	@cargo run --quiet --release -p drape-evals --bin evals -- index --python $(PYTHON) $(ARGS)

bench-vision: setup $(BENCHING) ## Vision models on one core: drape-nn, rten and onnxruntime side by side. ARGS="--runs 50"
	@cargo run --quiet --release -p drape-bench --no-default-features --features vision --bin vision -- --python $(PYTHON) $(ARGS)

bench-learning: ## A day of a million signals through the learning job: time and memory
	@cargo run --quiet --release -p retrain --example million

evals: setup ## ARGS="tags --photos DIR": how good the vision engine is on photos; without ARGS, what can be asked
	@cargo run --quiet --release -p drape-evals --bin evals -- $(if $(ARGS),$(ARGS),--help)

# Coverage needs the compiler's unstable flags, which RUSTC_BOOTSTRAP allows on the pinned toolchain.
FUZZER := .local/cargo/bin/cargo-fuzz
fuzz: setup $(FUZZER) ## [SECONDS=900] [TARGET=decode|analyse]: fuzz what reads photos (needs g++); what breaks lies in tests/fuzz/artifacts
	@cd tests/fuzz && cargo run --quiet --example seeds corpus
	@cd tests/fuzz && for target in $(or $(TARGET),decode analyse); do \
	  RUSTC_BOOTSTRAP=1 $(CURDIR)/$(FUZZER) run --fuzz-dir . --sanitizer none $$target -- -max_total_time=$(or $(SECONDS),900) -timeout=30 -rss_limit_mb=1024 -max_len=65536 -len_control=0 -print_final_stats=1 || exit 1; \
	done

$(FUZZER):
	@echo "  … cargo-fuzz into .local/cargo"
	@cargo install --quiet --locked --root .local/cargo --version 0.13.2 cargo-fuzz

sam-build: setup ## [STAGE=dev|prod]: release binaries for Lambda, by cargo-lambda, for that environment's processor
	SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam build --template-file template.yaml $(if $(STAGE),--config-env $(STAGE))

sam-local: setup ## `sam local invoke` of every function against a stack; skipped where no Docker engine is
	@if ! docker info >/dev/null 2>&1; then \
	  echo "make sam-local: SKIPPED, no Docker engine can be reached (docker info fails)"; \
	else \
	  $(MAKE) --no-print-directory sam-build && \
	  $(STACK) --test run -- $(PYTHON) tests/stack/sam_local.py; \
	fi

train: $(TRAINING) $(MODELS) ## PHOTOS=folder of class folders: teach the vision network clothes anew, on the CPU
	@test -d "$(PHOTOS)" || { echo "PHOTOS is missing: make train PHOTOS=<folder of class folders>" >&2; exit 2; }
	$(PYTHON) shared/vision/train/train.py "$(PHOTOS)"

clean: ## Remove .local, demo and all build outputs
	@if [ -x $(PYTHON) ]; then $(STACK) down; $(STACK) --test down; fi
	rm -rf .local .aws-sam demo target

check-python:
	@command -v python3 >/dev/null || { echo "python3 is missing: Drape's tools need Python 3.10 or newer" >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Drape's tools need Python 3.10 or newer; python3 is $$(python3 -V)" >&2; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust (rustup.rs)" >&2; exit 1; }

# Order-only, so that the check runs first and makes nothing out of date.
$(TOOLS): tests/stack/requirements.txt | check-python
	@echo "  … tools into $(VENV)"
	@test -x $(PYTHON) || python3 -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/stack/requirements.txt
	@touch $@

$(MODELS): shared/vision/models/fetch.py shared/vision/models/requirements.txt shared/vision/models/pack.py $(wildcard shared/vision/models/convert/*.py shared/vision/models/packing/*.py) $(TOOLS)
	@$(PYTHON) shared/vision/models/fetch.py
	@touch $@

$(TRAINING): shared/vision/train/requirements.txt $(TOOLS)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r shared/vision/train/requirements.txt
	@touch $@

$(BENCHING): tests/bench/requirements.txt $(TOOLS)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r tests/bench/requirements.txt
	@touch $@
