"""The emulator as a process: started, asked, stopped.

It runs in a session of its own, on loopback, with a clean environment, since every function inherits it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from progress import step
from settings import HOST, VENV_BIN, Stack, StackError, region

LAUNCHER = Path(__file__).with_name("launcher.py")
START_SECONDS = 60
STOP_SECONDS = 30


def jobs() -> int:
    """How many background jobs run at a time: as many as there are cores, and two at least."""
    return int(os.environ.get("DRAPE_LOCAL_JOBS") or max(2, os.cpu_count() or 2))


def environment(stack: Stack) -> dict:
    """The emulator's whole environment."""
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "LC_ALL", "USER") if key in os.environ}
    keep = "1" if stack.keep_data else "0"
    return {
        **inherited,
        # Without this, functions would call the real AWS.
        "AWS_ENDPOINT_URL": stack.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region(),
        "MINISTACK_REGION": region(),
        "MINISTACK_HOST": HOST,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(stack.port),
        "AUTH": "true" if stack.enforce_iam else "false",
        "PERSIST_STATE": keep,
        "S3_PERSIST": keep,
        "STATE_DIR": str(stack.state),
        "S3_DATA_DIR": str(stack.state / "s3"),
        "TMPDIR": str(stack.directory / "tmp"),
        "LAMBDA_EXECUTOR": "local",
        # Listeners that nothing here uses, on all interfaces.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DRAPE_LOCAL_JOBS": str(jobs()),
        "PYTHONUNBUFFERED": "1",
        "RUST_BACKTRACE": "0",
    }


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def port_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError, ValueError):
        return False


def running(stack: Stack) -> dict:
    """What the pid file says of the emulator, or {} if that process is gone or is another program by now."""
    try:
        record = json.loads(stack.pid_file.read_text())
        command = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(record["pid"])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except FileNotFoundError as missing:
        if missing.filename != "ps":
            return {}
        raise StackError("ps is missing; on Debian: apt-get install procps") from missing
    except (OSError, ValueError, KeyError):
        return {}
    return record if str(LAUNCHER) in command else {}


def start(stack: Stack) -> bool:
    """Makes sure the emulator runs with these settings. True if it was started now."""
    wanted = environment(stack)
    record = running(stack)
    if record and record.get("environment") == wanted and healthy(stack.port):
        return False
    if record:
        stop(stack, "it runs with other settings")
    if port_taken(stack.port):
        raise StackError(
            f"port {stack.port} on {HOST} is taken{_holder(stack.port)}. "
            f"Stop that program, or choose another port: {stack.port_setting}={stack.port + 1} make ..."
        )
    for folder in (stack.state, stack.directory / "tmp"):
        if not stack.keep_data:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
    with step(f"starting the emulator on {stack.endpoint}"):
        with open(stack.log, "w") as log:
            process = subprocess.Popen(
                [str(VENV_BIN / "python"), str(LAUNCHER)],
                cwd=stack.directory,
                env=wanted,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        stack.pid_file.write_text(json.dumps({"pid": process.pid, "port": stack.port, "environment": wanted}))
        began = time.monotonic()
        while not healthy(stack.port):
            if process.poll() is not None:
                stack.pid_file.unlink(missing_ok=True)
                raise StackError(f"the emulator ended at once ({process.returncode}):\n{tail(stack.log)}")
            if time.monotonic() - began > START_SECONDS:
                stop(stack, "it does not answer")
                raise StackError(f"the emulator did not answer within {START_SECONDS} s:\n{tail(stack.log)}")
            time.sleep(0.1)
    return True


def save(stack: Stack) -> None:
    """Asks the emulator to write its whole state now."""
    record = running(stack)
    if record and stack.keep_data:
        os.kill(record["pid"], signal.SIGUSR1)


def stop(stack: Stack, reason: str = "") -> bool:
    """Ends the emulator and every function it started. False if it did not run."""
    record = running(stack)
    if not record:
        stack.pid_file.unlink(missing_ok=True)
        return False
    pid = record["pid"]
    with step(f"stopping the emulator{': ' + reason if reason else ''}") as notes:
        os.kill(pid, signal.SIGTERM)
        if not _gone(pid, STOP_SECONDS):
            notes.append("it did not end by itself and was killed")
            _signal_group(pid, signal.SIGKILL)
            _gone(pid, STOP_SECONDS)
        _signal_group(pid, signal.SIGTERM)
        stack.pid_file.unlink(missing_ok=True)
    return True


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a file, indented."""
    try:
        return "\n".join(f"    {line}" for line in path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return True
        except ChildProcessError:
            pass  # started by an earlier run, so not ours to wait for
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def _signal_group(pid: int, what: signal.Signals) -> None:
    """Reaches the functions, which share the emulator's process group, even when the emulator itself is gone."""
    try:
        os.killpg(pid, what)
    except (ProcessLookupError, PermissionError):
        pass


def _holder(port: int) -> str:
    """' by PROGRAM (pid N)' where lsof can tell."""
    if not shutil.which("lsof"):
        return ""
    found = subprocess.run(
        ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"], capture_output=True, text=True, check=False
    ).stdout.split("\n")
    names = {line[:1]: line[1:] for line in found if line}
    return f" by {names['c']} (pid {names['p']})" if "c" in names and "p" in names else ""
