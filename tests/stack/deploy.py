"""The built template deployed with SAM, and what the stack then says of itself."""

import json
import subprocess

import routes
from emulator import save, tail
from progress import Ticker, step
from settings import ROOT, SAM_ENV, SAMCONFIG, VENV_BIN, Stack, StackError, parameter_overrides, region, stack_name, tool_environment

MARK = "deployed.json"


def client(stack: Stack, service: str):
    """An SDK client that speaks to this stack's emulator."""
    import boto3

    environment = tool_environment(stack)
    return boto3.client(
        service,
        endpoint_url=stack.endpoint,
        region_name=region(),
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


def deploy(stack: Stack, fingerprint: str) -> bool:
    """Deploys unless exactly this is deployed already. True if it did."""
    wanted = {
        "code": fingerprint,
        "samconfig": SAMCONFIG.read_text(),
        "parameters": stack.parameters,
        "endpoint": stack.endpoint,
    }
    mark = stack.state / MARK
    cloudformation = client(stack, "cloudformation")
    if mark.exists() and json.loads(mark.read_text()) == wanted and _complete(cloudformation):
        with step("deploying") as notes:
            notes.append("nothing changed")
        return False
    mark.unlink(missing_ok=True)
    with step("deploying template.yaml with SAM"):
        _sam_deploy(stack)
    with step("adding what the emulator does not import") as notes:
        parameters = dict(pair.split("=", 1) for pair in parameter_overrides(stack.parameters))
        notes.append(routes.apply(lambda service: client(stack, service), stack_name(), parameters))
    mark.write_text(json.dumps(wanted))
    save(stack)
    return True


def write_outputs(stack: Stack) -> dict:
    """Writes the stack's outputs, with an ApiUrl that a plain HTTP client can use, all of them strings."""
    outputs = _outputs(client(stack, "cloudformation"))
    api_id = routes.api_id(client(stack, "cloudformation"), stack_name())
    outputs.update(
        # API Gateway's own host name does not resolve here; the emulator takes the API's id in the path too.
        ApiUrl=f"{stack.endpoint}/_aws/execute-api/{api_id}/$default",
        ApiId=api_id,
        Endpoint=stack.endpoint,
        Region=region(),
        StackName=stack_name(),
    )
    partial = stack.outputs.with_suffix(".part")
    partial.write_text(json.dumps(outputs, indent=2, sort_keys=True) + "\n")
    partial.replace(stack.outputs)
    return outputs




def _sam_deploy(stack: Stack) -> None:
    log = stack.directory / "deploy.log"
    command = [
        str(VENV_BIN / "sam"), "deploy",
        "--template-file", str(stack.build / "template.yaml"),
        "--config-file", str(SAMCONFIG), "--config-env", SAM_ENV,
        "--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar",
        "--parameter-overrides", *parameter_overrides(stack.parameters),
    ]  # fmt: skip
    ticker, done = Ticker(), 0
    with open(log, "w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=tool_environment(stack), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        for line in process.stdout or ():
            out.write(line)
            if "_COMPLETE " in line:
                done += 1
                ticker.say(f"{done} resources")
        ticker.end()
    if process.wait():
        raise StackError(f"sam deploy failed; the end of {log}:\n{tail(log, 40)}")


def _describe(cloudformation) -> dict:
    from botocore.exceptions import ClientError

    try:
        return cloudformation.describe_stacks(StackName=stack_name())["Stacks"][0]
    except ClientError:
        return {}


def _complete(cloudformation) -> bool:
    return _describe(cloudformation).get("StackStatus") in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def _outputs(cloudformation) -> dict:
    return {row["OutputKey"]: row["OutputValue"] for row in _describe(cloudformation).get("Outputs", [])}
