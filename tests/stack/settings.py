"""Where things are and which settings a developer can change. Every other module reads them from here."""

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
VENV_BIN = LOCAL / "venv" / "bin"
TEMPLATE = ROOT / "template.yaml"
SAMCONFIG = ROOT / "samconfig.toml"
SAM_ENV = "local"

HOST = "127.0.0.1"
ACCOUNT = "000000000000"
DEFAULT_PORT = 4566


class StackError(Exception):
    """Something a person has to put right; the message says what and how."""


@dataclass(frozen=True)
class Stack:
    """One local stack: its name, where it keeps things, and how its emulator runs."""

    name: str
    directory: Path
    port: int
    port_setting: str
    keep_data: bool
    enforce_iam: bool
    parameters: dict = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def log(self) -> Path:
        return self.directory / "ministack.log"

    @property
    def pid_file(self) -> Path:
        return self.directory / "ministack.pid"

    @property
    def build(self) -> Path:
        return self.directory / "build"

    @property
    def outputs(self) -> Path:
        return self.directory / "outputs.json"

    @property
    def stop_command(self) -> str:
        return "make stop" if self.keep_data else "tests/stack/stack.py --test down"


def port_from(name: str, default: int) -> int:
    """The port in environment variable `name`; an empty one counts as unset."""
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) > 65535:
        raise StackError(f"{name}={text} is not a port (0-65535)")
    return int(text)


def developer_stack(enforce_iam: bool, parameters: dict) -> Stack:
    """What `make run` starts: a fixed port, data kept between runs."""
    return Stack("run", LOCAL, port_from("DRAPE_PORT", DEFAULT_PORT), "DRAPE_PORT", True, enforce_iam, parameters)


def test_stack(enforce_iam: bool, parameters: dict) -> Stack:
    """What `make test` starts beside it: a free port, empty every time."""
    return Stack("test", LOCAL / "test", port_from("DRAPE_TEST_PORT", 0), "DRAPE_TEST_PORT", False, enforce_iam, parameters)


def region() -> str:
    """The region that samconfig.toml deploys the local stack to."""
    import tomlkit  # comes with aws-sam-cli; Python has a reader of its own only from 3.11 on

    return str(tomlkit.parse(SAMCONFIG.read_text())[SAM_ENV]["global"]["parameters"]["region"])


def stack_name() -> str:
    """The CloudFormation stack's name in samconfig.toml."""
    import tomlkit

    return str(tomlkit.parse(SAMCONFIG.read_text())[SAM_ENV]["global"]["parameters"]["stack_name"])


def parameter_overrides(extra: dict) -> list:
    """The parameters in samconfig.toml with `extra` over them, as SAM takes them: its own option replaces the list."""
    import tomlkit

    listed = tomlkit.parse(SAMCONFIG.read_text())[SAM_ENV]["deploy"]["parameters"]["parameter_overrides"]
    merged = dict(str(entry).split("=", 1) for entry in listed)
    merged.update(extra)
    return [f"{key}={value}" for key, value in merged.items()]


def tool_environment(stack: Stack) -> dict:
    """What SAM and the SDK need to talk to the emulator and to nobody else."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "SAM_"))}
    kept.update(
        AWS_ENDPOINT_URL=stack.endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION=region(),
        AWS_REGION=region(),
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        SAM_CLI_TELEMETRY="0",
        PATH=f"{VENV_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
    )
    return kept
