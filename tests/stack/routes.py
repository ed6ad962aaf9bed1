"""What the emulator's CloudFormation leaves out, added from the template that it processed.

ministack 1.5.33 takes the API that SAM writes but not its `Body`, in which SAM puts all routes and CORS, and the
tables but not their time to live. All are set through the services' own calls, which may be repeated: what is
there is brought in line, what the template no longer has is removed.

Other differences to AWS that this project has met, so that nobody has to find them again:
  - bucket lifecycles, point-in-time recovery and route throttling are accepted and do nothing;
  - log groups get START/END lines even with JSON logs, retention is not applied;
  - an SQS batch answer that is not valid counts as success, and a batch is never delivered twice by itself;
  - asynchronous events that meet throttling are retried as failures (see launcher.py for what we do instead);
  - a function's process lives on after its reply, is never frozen, and may use all cores and memory.
"""

import json
import re

FUNCTION_IN_URI = re.compile(r"functions/\$\{(\w+)\.Arn\}/")
METHODS = ("get", "put", "post", "patch", "delete", "options", "head", "x-amazon-apigateway-any-method")


def apply(client, stack: str, parameters: dict) -> str:
    """Brings routes, integrations, authorizers, CORS and TTL in line; `client(service)` makes SDK clients."""
    cloudformation, gateway, lambdas = client("cloudformation"), client("apigatewayv2"), client("lambda")
    resources = _processed(cloudformation, stack)
    physical = _physical(cloudformation, stack)
    arns = {
        name: lambdas.get_function_configuration(FunctionName=physical[name])["FunctionArn"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    body = next(r["Properties"]["Body"] for r in resources.values() if r["Type"] == "AWS::ApiGatewayV2::Api")
    api = api_id(cloudformation, stack)
    authorizers = _authorizers(gateway, api, body, arns)
    count = _routes(gateway, api, body, arns, authorizers)
    _cors(gateway, api, body, parameters)
    tables = _times_to_live(client("dynamodb"), resources, physical)
    return f"{count} routes, {len(authorizers)} authorizer, {tables} tables with a time to live"


def api_id(cloudformation, stack: str) -> str:
    """The deployed HTTP API's id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    rows = (row for page in pages for row in page["StackResourceSummaries"])
    return next(row["PhysicalResourceId"] for row in rows if row["ResourceType"] == "AWS::ApiGatewayV2::Api")


def _processed(cloudformation, stack: str) -> dict:
    body = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    return (json.loads(body) if isinstance(body, str) else body)["Resources"]


def _physical(cloudformation, stack: str) -> dict:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for page in pages for row in page["StackResourceSummaries"]}


def _function_of(uri) -> str:
    """Logical id of the function in an integration's or an authorizer's URI, as SAM writes them."""
    if isinstance(uri["Fn::Sub"], list):
        _, values = uri["Fn::Sub"]
        return values["__FunctionArn__"]["Fn::GetAtt"][0]
    return FUNCTION_IN_URI.search(uri["Fn::Sub"]).group(1)


def _invoke_uri(arn: str) -> str:
    partition, region = arn.split(":")[1], arn.split(":")[3]
    return f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _authorizers(gateway, api: str, body: dict, arns: dict) -> dict:
    """Id of each Lambda authorizer by its name in the template."""
    there = {row["Name"]: row["AuthorizerId"] for row in gateway.get_authorizers(ApiId=api)["Items"]}
    made = {}
    for name, scheme in body.get("components", {}).get("securitySchemes", {}).items():
        settings = scheme["x-amazon-apigateway-authorizer"]
        wanted = {
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": _invoke_uri(arns[_function_of(settings["authorizerUri"])]),
            "IdentitySource": settings["identitySource"],
            "AuthorizerPayloadFormatVersion": settings["authorizerPayloadFormatVersion"],
            "EnableSimpleResponses": settings["enableSimpleResponses"],
            "AuthorizerResultTtlInSeconds": settings["authorizerResultTtlInSeconds"],
        }
        if name in there:
            made[name] = there.pop(name)
            gateway.update_authorizer(ApiId=api, AuthorizerId=made[name], **wanted)
        else:
            made[name] = gateway.create_authorizer(ApiId=api, Name=name, **wanted)["AuthorizerId"]
    for left in there.values():
        gateway.delete_authorizer(ApiId=api, AuthorizerId=left)
    return made


def _cors(gateway, api: str, body: dict, parameters: dict) -> None:
    """What a browser may do. The processed template shows the origins' default, whatever was deployed."""
    settings = {name[0].upper() + name[1:]: value for name, value in body["x-amazon-apigateway-cors"].items()}
    settings["AllowOrigins"] = parameters["AllowedOrigins"].split(",")
    gateway.update_api(ApiId=api, CorsConfiguration=settings)


def _routes(gateway, api: str, body: dict, arns: dict, authorizers: dict) -> int:
    integrations = {row["IntegrationUri"]: row["IntegrationId"] for row in gateway.get_integrations(ApiId=api)["Items"]}
    there = {row["RouteKey"]: row["RouteId"] for row in gateway.get_routes(ApiId=api)["Items"]}
    unused, count = set(integrations), 0
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            if method not in METHODS:
                continue
            settings = operation["x-amazon-apigateway-integration"]
            uri = _invoke_uri(arns[_function_of(settings["uri"])])
            if uri not in integrations:
                integrations[uri] = gateway.create_integration(
                    ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=uri, IntegrationMethod="POST",
                    PayloadFormatVersion=settings["payloadFormatVersion"],
                )["IntegrationId"]  # fmt: skip
            unused.discard(uri)
            names = [name for entry in operation.get("security", []) for name in entry if name != "NONE"]
            guard = (
                {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[names[0]]}
                if names
                else {"AuthorizationType": "NONE"}
            )
            key = f"{'ANY' if method.startswith('x-') else method.upper()} {path}"
            if key in there:
                gateway.delete_route(ApiId=api, RouteId=there.pop(key))  # an update could not take a guard away
            gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integrations[uri]}", **guard)
            count += 1
    for route in there.values():
        gateway.delete_route(ApiId=api, RouteId=route)
    for uri in unused:
        gateway.delete_integration(ApiId=api, IntegrationId=integrations[uri])
    return count


def _times_to_live(dynamodb, resources: dict, physical: dict) -> int:
    count = 0
    for name, resource in resources.items():
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        if resource["Type"] != "AWS::DynamoDB::Table" or not wanted:
            continue
        count += 1
        now = dynamodb.describe_time_to_live(TableName=physical[name])["TimeToLiveDescription"]
        if now.get("TimeToLiveStatus") == "DISABLED":
            dynamodb.update_time_to_live(
                TableName=physical[name],
                TimeToLiveSpecification={"Enabled": True, "AttributeName": wanted["AttributeName"]},
            )
    return count
