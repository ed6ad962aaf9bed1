#!/usr/bin/env python3
"""`sam local invoke` of every event in events/, in Lambda's image, against the running test stack.

Each file in events/ is a payload as AWS sends it, with example ids. Here a real user, item, body photo and
try-on are made through the API, the example ids in copies of the files are replaced by the real ones, each
function of the `sam build` output is invoked in a container, and its answer is compared with expect.json
beside this file: the status of an API function, the body's keys, or a job's whole answer or its keys.

Each event starts from items of its own, so that all can run in any order and at once.
"""

import ipaddress
import json
import os
import platform
import re
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import settings
from settings import ROOT, StackError, tool_environment

EVENTS = ROOT / "events"
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
EXPECTED = Path(__file__).with_name("expect.json")
AT_ONCE = 4
SECONDS = 180
# The example ids in events/.
USER, SESSION = "01a20297-4dc0-7c21-9f60-3a1d7e5b0c11", "01a207bc-bf60-7d05-8c3e-5b0f6a9d2e42"
ITEM, SECOND_ITEM = "01a20786-bb40-7e93-a5d2-7c4e8f1a6b30", "01a20787-a5a0-7a17-b8e4-1f9d3c5a7e61"
PHOTO, TRYON = "01a207bd-3490-7f4c-8a35-2e7b9d1c5f84", "01a207bd-9a20-7b6f-9e21-6d8a2c4f0b73"
PASSWORD = "a long enough passphrase"


def main() -> int:
    stack = settings.test_stack(False, {})
    outputs = json.loads(Path(os.environ["DRAPE_OUTPUTS"]).read_text())
    if not BUILT.exists():
        print("there is no .aws-sam/build: run `make sam-build`", file=sys.stderr)
        return 1
    stack = type(stack)(**{**stack.__dict__, "port": int(outputs["Endpoint"].rsplit(":", 1)[1])})
    expected = json.loads(EXPECTED.read_text())
    names = sorted(path.stem for path in EVENTS.glob("*.json"))
    unexplained = set(names) ^ set(expected)
    if unexplained:
        print(f"events/ and expect.json do not name the same events: {', '.join(sorted(unexplained))}", file=sys.stderr)
        return 1
    with _way_in(stack.port) as endpoint, tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        variables = _variables(stack, outputs, endpoint, work)
        _warm_image(work, variables, stack)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            problems = list(pool.map(lambda name: _check(name, expected[name], outputs, variables, work, stack), names))
    for name, problem in zip(names, problems):
        print(f"  {'✗' if problem else '✓'} {name}{': ' + problem if problem else ''}")
    failed = sum(1 for problem in problems if problem)
    print(f"\n{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _check(name: str, expected: dict, outputs: dict, variables: Path, work: Path, stack) -> str:
    """Runs one event; what is wrong with its answer, or nothing."""
    try:
        event = work / f"{name}.json"
        event.write_text(_real((EVENTS / f"{name}.json").read_text(), _world(outputs, expected.get("with", []))))
        return _compare(_invoke(_logical_id(name), event, variables, stack), expected)
    except (StackError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as problem:
        return f"{type(problem).__name__}: {problem}"


def _logical_id(event: str) -> str:
    """events/item-get.json is for ItemGet; clean-sqs.json is a second one for Clean."""
    return "".join(word.capitalize() for word in event.removesuffix("-sqs").split("-"))


def _compare(answer, expected: dict) -> str:
    if "authorizes" in expected:
        return "" if (answer or {}).get("isAuthorized") == expected["authorizes"] else f"answered {answer}"
    if "answer" in expected:
        return "" if answer == expected["answer"] else f"answered {answer}, not {expected['answer']}"
    if "keys" in expected:
        missing = [key for key in expected["keys"] if key not in (answer or {})]
        return f"answered {json.dumps(answer)[:400]}, without {', '.join(missing)}" if missing else ""
    if not isinstance(answer, dict) or answer.get("statusCode") != expected["status"]:
        return f"answered {json.dumps(answer)[:400]}, not {expected['status']}"
    body = json.loads(answer["body"]) if answer.get("body") else {}
    missing = [key for key in expected.get("has", []) if key not in body]
    return f"the body has no {', '.join(missing)}" if missing else ""


def _invoke(logical_id: str, event: Path, variables: Path, stack):
    result = subprocess.run(
        [str(settings.VENV_BIN / "sam"), "local", "invoke", logical_id, "--template", str(BUILT),
         "--event", str(event), "--env-vars", str(variables), "--skip-pull-image",
         "--parameter-overrides", "ParameterKey=Stage,ParameterValue=local"],
        cwd=event.parent, env=_docker_environment(stack), capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    if result.returncode or not lines:
        raise StackError(f"sam local invoke failed: {result.stderr.strip()[-600:]}")
    return json.loads(lines[-1])


def _docker_environment(stack) -> dict:
    """SAM must not take the emulator for its own endpoint, only the function in the container."""
    environment = tool_environment(stack)
    environment.pop("AWS_ENDPOINT_URL")
    return environment


def _warm_image(work: Path, variables: Path, stack) -> None:
    """One invocation first: SAM builds its image then, and several at once would each build it."""
    began = time.monotonic()
    subprocess.run(
        [str(settings.VENV_BIN / "sam"), "local", "invoke", "MeGet", "--template", str(BUILT), "--event",
         str(EVENTS / "me-get.json"), "--env-vars", str(variables), *_pull()],
        cwd=work, env=_docker_environment(stack), capture_output=True, timeout=600, check=False,
    )  # fmt: skip
    print(f"  image ready ({time.monotonic() - began:.0f} s)", flush=True)


def _pull() -> list:
    """Pulls the real image only where there is none under its name."""
    arch = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    name = f"public.ecr.aws/lambda/provided:al2023-{arch}"
    there = subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0
    return ["--skip-pull-image"] if there else []


def _variables(stack, outputs: dict, endpoint: str, work: Path) -> Path:
    """Each function's environment as it is deployed on the stack, with the endpoint as a container sees it."""
    import boto3

    lambdas = boto3.client(
        "lambda", endpoint_url=stack.endpoint, region_name=outputs["Region"],
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    import build

    # What is under "Parameters" is for every function.
    reach = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": outputs["Region"], "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    found = {"Parameters": reach}
    for function in build.functions():
        deployed = lambdas.get_function_configuration(FunctionName=f"drape-local-{function.binary}")
        found[function.logical_id] = deployed["Environment"]["Variables"]
    # SAM passes only variables that the template declares, so the ones it lacks are declared in the built copy.
    _declare_in_built_template(["AWS_ENDPOINT_URL"])
    path = work / "variables.json"
    path.write_text(json.dumps(found))
    return path


def _declare_in_built_template(names: list) -> None:
    text = BUILT.read_text()
    for name in names:
        if f"{name}:" not in text:
            text = re.sub(r"(\n(\s+)STAGE:)", rf'\n\g<2>{name}: ""\g<1>', text, count=1)
    BUILT.write_text(text)


# --- the world that events speak of -------------------------------------------------------------------------


def _world(outputs: dict, wanted: list) -> dict:
    """A user, and of item, photo and try-on what is `wanted`; answers real values by example value."""
    if "learned" in wanted:
        _learn(outputs)
    api = outputs["ApiUrl"]
    email = f"sam-local-{uuid.uuid4()}@example.com"
    person = _call(api, "POST", "/auth/signup", {"email": email, "password": PASSWORD, "name": "Shopper"})
    token = person["access_token"]
    real = {
        USER: person["user"]["id"],
        SESSION: _claims(token)["sid"],
        "refresh": person["refresh_token"],
        "token": token,
        "email": email if "user" in wanted else f"new-{uuid.uuid4()}@example.com",
        "drape-local-uploads-000000000000": outputs["UploadsBucket"],
    }
    if "item" in wanted or "uploaded" in wanted or "ready" in wanted or "tryon" in wanted:
        for example in (ITEM, SECOND_ITEM):
            real[example] = _item(api, token, upload="item" not in wanted)
        if "ready" in wanted or "tryon" in wanted:
            for example in (ITEM, SECOND_ITEM):
                _until(api, f"/items/{real[example]}", token, lambda item: item["status"] == "ready")
    if "photo" in wanted or "tryon" in wanted:
        picture = _png(240, 480)
        made = _call(api, "POST", "/uploads", {"purpose": "body_photo", "content_type": "image/png", "content_length": len(picture)}, token)
        _put(made["upload"], picture)
        real[PHOTO] = made["s3"].rsplit("/", 1)[1]
        if "tryon" in wanted:
            order = {"target_image_s3": made["s3"], "items": [real[ITEM]], "prefer_clean_item_images": True,
                     "view_options": {"rotate": False, "perspective": False}}  # fmt: skip
            started = _call(api, "POST", "/tryon", order, token, {"prefer": "respond-async"})
            real[TRYON] = started["tryon"]["id"]
            _until(api, f"/tryon/{real[TRYON]}/status", token, lambda tryon: tryon["status"] in ("done", "failed"))
    return real


def _learn(outputs: dict) -> None:
    """Yesterday learned from on the stack, which leaves what later jobs read."""
    import boto3

    lambdas = boto3.client(
        "lambda", endpoint_url=outputs["Endpoint"], region_name=outputs["Region"],
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    answer = lambdas.invoke(FunctionName="drape-local-retrain", Payload=b"{}")
    if "FunctionError" in answer:
        raise StackError(f"retrain failed: {answer['Payload'].read()[:300].decode()}")


def _real(event: str, real: dict) -> str:
    """The event with examples replaced: ids anywhere, the person's address, token and refresh token by place."""
    for example, value in real.items():
        if len(example) > 20:
            event = event.replace(example, value)
    event = event.replace("shopper@example.com", real["email"])
    event = re.sub(r'(\\"refresh_token\\":\\")[^\\]*', lambda match: match[1] + real["refresh"], event)
    event = re.sub(r"Bearer [A-Za-z0-9._-]+", f"Bearer {real['token']}", event)
    # Another key for each run, or the first run's answer would come again.
    return re.sub(r'("idempotency-key": ")[^"]*', lambda match: match[1] + str(uuid.uuid4()), event)


def _item(api: str, token: str, upload: bool) -> str:
    picture = _png(320, 320)
    order = {"title": "Blue shirt", "category": "shirt", "content_type": "image/png", "content_length": len(picture)}
    made = _call(api, "POST", "/items", order, token)
    if upload:
        _put(made["upload"], picture)
    return made["item"]["id"]


def _until(api: str, path: str, token: str, enough) -> dict:
    deadline = time.monotonic() + 120
    while True:
        answer = _call(api, "GET", path, None, token)
        if enough(answer.get("item") or answer.get("tryon") or answer):
            return answer
        if time.monotonic() > deadline:
            raise StackError(f"{path} is still {answer}")
        time.sleep(0.5)


def _call(api: str, method: str, path: str, body, token: str = "", headers=None) -> dict:
    request = urllib.request.Request(api + path, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as refused:
        raise StackError(f"{method} {path} answers {refused.code}: {refused.read()[:300].decode()}") from refused


def _put(upload: dict, data: bytes) -> None:
    request = urllib.request.Request(upload["url"], method=upload["method"], data=data, headers=upload["headers"])
    urllib.request.urlopen(request, timeout=60).close()


def _claims(token: str) -> dict:
    import base64

    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _png(width: int, height: int) -> bytes:
    """A blue shape on white: enough of a photo to be decoded and cut out."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            inside = width // 4 < x < 3 * width // 4 and height // 6 < y < 5 * height // 6
            rows += b"\x20\x40\xc0" if inside else b"\xff\xff\xff"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


# --- the way from a container to the emulator ---------------------------------------------------------------


class _way_in:
    """The emulator listens on loopback only, which a container cannot reach. On Linux a listener on Docker's own
    bridge passes bytes on for as long as this runs; Docker Desktop brings such a way along."""

    def __init__(self, port: int) -> None:
        self.port, self.server = port, None

    def __enter__(self) -> str:
        if sys.platform != "linux":
            return f"http://host.docker.internal:{self.port}"
        gateway = _bridge_address()
        port = self.port

        class PassOn(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection((settings.HOST, port)) as inner:
                    back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
                    back.start()
                    _copy(self.request, inner)
                    back.join()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self.server = Server((gateway, 0), PassOn)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://{gateway}:{self.server.server_address[1]}"

    def __exit__(self, *_) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()


def _bridge_address() -> str:
    """This machine's address on Docker's bridge; an engine that does not name it uses the subnet's first one."""
    told = subprocess.run(["docker", "network", "inspect", "bridge"], capture_output=True, text=True, check=True).stdout
    addresses = json.loads(told)[0]["IPAM"]["Config"][0]
    first = next(ipaddress.ip_network(addresses["Subnet"]).hosts())
    return str(ipaddress.ip_address(addresses.get("Gateway") or str(first)))


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


if __name__ == "__main__":
    sys.exit(main())
