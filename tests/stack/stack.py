#!/usr/bin/env python3
"""Drape on one offline machine: starts, shows and ends the local stack.

    stack.py up                       build, start the emulator, deploy, check; again after a change
    stack.py down                     end the emulator and its functions; data stay
    stack.py status
    stack.py --test up|down           a second stack beside it: a free port, empty, under .local/test
    stack.py --test --auth run -- CMD up, CMD with DRAPE_OUTPUTS and DRAPE_TEST_ENDPOINT set, down

--auth makes the emulator enforce IAM; --parameter KEY=VALUE overrides a parameter of the template.
DRAPE_PORT (4566) and DRAPE_TEST_PORT (any free one) choose ports, DRAPE_LOCAL_JOBS how many background jobs
run at once. Needs the virtual environment in .local/venv, which `make setup` makes.
"""

import argparse
import dataclasses
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import settings
from settings import ROOT, Stack, StackError

READY_SECONDS = 60


def main() -> int:
    # A closed terminal or a time limit ends this like Ctrl-C does, so that nothing is left running.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(143))
    options, command = _arguments()
    parameters = dict(pair.split("=", 1) for pair in options.parameter)
    make = settings.test_stack if options.test else settings.developer_stack
    try:
        stack = _with_port(make(options.auth, parameters))
        if options.command == "up":
            _say(up(stack), stack)
        elif options.command == "down":
            return down(stack)
        elif options.command == "status":
            return status(stack)
        else:
            return run(stack, command)
    except StackError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped before it was finished; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def up(stack: Stack) -> dict:
    """Brings the stack up or up to date and answers its outputs."""
    _prerequisites()
    import build
    import deploy
    import emulator

    stack.directory.mkdir(parents=True, exist_ok=True)
    found = build.functions()
    binaries = build.compile_functions(found)
    emulator.start(stack)
    fingerprint = build.stage(stack, found, binaries)
    deploy.deploy(stack, fingerprint)
    outputs = deploy.write_outputs(stack)
    _wait_until_ready(stack, outputs["ApiUrl"])
    return outputs


def down(stack: Stack) -> int:
    import emulator

    if not emulator.stop(stack):
        print("  not running")
    return 0


def status(stack: Stack) -> int:
    import emulator

    record = emulator.running(stack)
    if not record:
        print("not running; start it with: make run")
        return 1
    print(f"emulator  {settings.HOST}:{record['port']} (pid {record['pid']}), log {stack.log.relative_to(ROOT)}")
    if stack.outputs.exists():
        print(stack.outputs.read_text(), end="")
    return 0


def run(stack: Stack, command: list) -> int:
    """Up, the command, down; answers the command's exit status."""
    try:
        up(stack)
        environment = dict(os.environ, DRAPE_OUTPUTS=str(stack.outputs), DRAPE_TEST_ENDPOINT=stack.endpoint)
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    finally:
        down(stack)


def _arguments():
    words, command = sys.argv[1:], []
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true")
    parser.add_argument("--auth", action="store_true")
    parser.add_argument("--parameter", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("command", choices=["up", "down", "status", "run"])
    options = parser.parse_args(words)
    if (options.command == "run") != bool(command):
        parser.error("`run` needs a command after --, and only `run` takes one")
    return options, command


def _with_port(stack: Stack) -> Stack:
    """A stack without a port of its own keeps the one it runs on, or gets a free one."""
    if stack.port:
        return stack
    import emulator

    return dataclasses.replace(stack, port=emulator.running(stack).get("port") or emulator.free_port())


def _prerequisites() -> None:
    if sys.version_info < (3, 10):
        raise StackError(f"Python 3.10 or newer is needed, this is {sys.version.split()[0]}")
    try:
        import boto3  # noqa: F401
        import ministack  # noqa: F401
        import samcli  # noqa: F401
    except ImportError as missing:
        raise StackError(f"{missing.name} is missing from {sys.prefix}: run `make setup`, which puts it there") from missing


def _status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def _wait_until_ready(stack: Stack, api: str) -> None:
    """Asks a route, the authorizer and a public function; all three have to answer as they would to a stranger."""
    from progress import step

    questions = {
        "GET /me without a token": (urllib.request.Request(f"{api}/me"), {401}),
        "GET /me with a wrong token": (
            urllib.request.Request(f"{api}/me", headers={"authorization": "Bearer wrong"}),
            {401, 403},
        ),
        "POST /auth/login without a body": (
            urllib.request.Request(f"{api}/auth/login", data=b"{}", headers={"content-type": "application/json"}),
            {400, 401, 422},
        ),
    }
    with step("asking the API"):
        deadline = time.monotonic() + READY_SECONDS
        for question, (request, expected) in questions.items():
            while (answer := _status_of(request)) not in expected:
                if time.monotonic() > deadline:
                    raise StackError(
                        f"{question} answers {answer} instead of {' or '.join(map(str, sorted(expected)))}; "
                        f"the functions' own words are in {stack.log}"
                    )
                time.sleep(0.5)


def _say(outputs: dict, stack: Stack) -> None:
    api = outputs["ApiUrl"]
    # Another person each time: data are kept, and an email can sign up once.
    person = '{"email":"shopper-\'$RANDOM\'@example.com","password":"correct horse battery","name":"Shopper"}'
    print(
        f"""
Drape is up: {api}

Try:
  API='{api}'
  TOKEN=$(curl -s "$API/auth/signup" -H 'content-type: application/json' -d '{person}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -s "$API/me" -H "authorization: Bearer $TOKEN"
  curl -s "$API/recommendations?temp_c=28&condition=sunny" -H "authorization: Bearer $TOKEN"

Outputs are in {stack.outputs.relative_to(ROOT)}; `{stack.stop_command}` ends it{" and keeps the data" if stack.keep_data else ""}."""
    )


if __name__ == "__main__":
    sys.exit(main())
