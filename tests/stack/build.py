"""Functions built natively with one cargo call, and the built template beside them.

This is what `sam build` does (code into a folder per function, CodeUri pointing there, the template otherwise
the same), for this machine's own system instead of Lambda's and in the dev profile that tests share: seconds
after a change, and macOS can run it. For AWS there is `make sam-build`.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from progress import step
from settings import ROOT, TEMPLATE, Stack, StackError

CODE_URI = re.compile(r"^(?P<indent>\s+)CodeUri:\s*(?P<path>\S+)\s*$", re.MULTILINE)


class Function(NamedTuple):
    logical_id: str
    binary: str
    code_uri: str


def functions(template: Path = TEMPLATE) -> list:
    """The functions in the template: logical id, binary and source folder."""
    from samcli.yamlhelper import yaml_parse

    resources = yaml_parse(template.read_text())["Resources"]
    return [
        Function(name, resource["Metadata"]["BuildProperties"]["Binary"], resource["Properties"]["CodeUri"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def compile_functions(found: list) -> Path:
    """One cargo call for all functions; its own progress is shown. Answers the folder of the binaries."""
    if not shutil.which("cargo"):
        raise StackError("cargo is missing: install Rust (rustup), then run this again")
    packages = [word for function in found for word in ("-p", function.binary)]
    with step(f"building {len(found)} functions"):
        result = subprocess.run(["cargo", "build", "--bins", *packages], cwd=ROOT, check=False)
        if result.returncode:
            raise StackError("the build failed; cargo says why above")
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version=1"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return Path(json.loads(metadata.stdout)["target_directory"]) / "debug"


def stage(stack: Stack, found: list, binaries: Path) -> str:
    """Puts every function's code and the built template into the stack's build folder.

    Each function gets `<LogicalId>/bootstrap` and, from it, `<LogicalId>.zip`, which SAM then uploads as it
    is; both are left alone while the binary stays the same. Answers a fingerprint of all of it.
    """
    stack.build.mkdir(parents=True, exist_ok=True)
    with step("staging") as notes:
        with ThreadPoolExecutor() as pool:
            staged = list(pool.map(lambda function: _stage_one(stack.build, function, binaries), found))
        changed = [function.logical_id for function, (_, new) in zip(found, staged) if new]
        notes.append("nothing changed" if not changed else f"{len(changed)} of {len(found)} changed")
        text = _built_template(found)
        (stack.build / "template.yaml").write_text(text)
    whole = hashlib.sha256(text.encode())
    for digest, _ in staged:
        whole.update(digest.encode())
    return whole.hexdigest()


def _stage_one(build: Path, function: Function, binaries: Path) -> tuple:
    binary = binaries / function.binary
    bootstrap = build / function.logical_id / "bootstrap"
    archive = build / f"{function.logical_id}.zip"
    mark = build / function.logical_id / ".source"  # what the archive was made from
    source = binary.stat()
    seen = f"{source.st_mtime_ns} {source.st_size}"
    if archive.exists() and mark.exists() and mark.read_text().startswith(seen + "\n"):
        return mark.read_text().split("\n")[1], False
    digest = hashlib.sha256(binary.read_bytes()).hexdigest()
    if archive.exists() and mark.exists() and mark.read_text().split("\n")[1] == digest:
        mark.write_text(f"{seen}\n{digest}")
        return digest, False
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    bootstrap.unlink(missing_ok=True)
    try:
        os.link(binary, bootstrap)
    except OSError:
        shutil.copy2(binary, bootstrap)
    entry = zipfile.ZipInfo("bootstrap")  # with a fixed date, so that the same code is the same archive
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(entry, bootstrap.read_bytes(), compresslevel=1)
    mark.write_text(f"{seen}\n{digest}")
    return digest, True


def _built_template(found: list) -> str:
    """The template with each CodeUri pointing at the staged archive, and not a letter else changed."""
    archives = {function.code_uri: f"{function.logical_id}.zip" for function in found}
    replaced = set()

    def point(match: re.Match) -> str:
        replaced.add(match["path"])
        return f"{match['indent']}CodeUri: {archives[match['path']]}"

    text = CODE_URI.sub(point, TEMPLATE.read_text())
    missing = set(archives) - replaced
    if missing:
        raise StackError(f"CodeUri of {', '.join(sorted(missing))} is not on a line of its own in template.yaml")
    return text
