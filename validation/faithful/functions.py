"""What AWS answers for functions, and the provider for calling one."""

from __future__ import annotations

import json

from validation.faithful.created import Created, Outputs, answers


@answers("aws:lambda/function:Function")
def _function(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    arn = new.arn("lambda", f"function:{name}")
    version = "1" if new.inputs.get("publish") else "$LATEST"
    invoke = f"arn:aws:apigateway:{new.region}:lambda:path/2015-03-31/functions"
    return name, {
        "name": name,
        "arn": arn,
        "version": version,
        "qualifiedArn": f"{arn}:{version}",
        "invokeArn": f"{invoke}/{arn}/invocations",
        "qualifiedInvokeArn": f"{invoke}/{arn}:{version}/invocations",
        "codeSha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sourceCodeHash": new.inputs.get("sourceCodeHash", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        "sourceCodeSize": 1024,
        "lastModified": "2026-11-23T12:00:00.000+0000",
        "packageType": new.inputs.get("packageType", "Zip"),
    }


@answers("aws:lambda/alias:Alias")
def _alias(new: Created) -> tuple[str, Outputs]:
    name = new.name()
    function = str(new.inputs["functionName"]).split(":function:")[-1].split(":")[0]
    arn = new.arn("lambda", f"function:{function}:{name}")
    invoke = f"arn:aws:apigateway:{new.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    return arn, {"name": name, "arn": arn, "invokeArn": invoke}


@answers("aws:lambda/permission:Permission")
def _permission(new: Created) -> tuple[str, Outputs]:
    statement = new.name("statementId")
    return statement, {"statementId": statement}


@answers("aws:lambda/invocation:Invocation")
def _invocation(new: Created) -> tuple[str, Outputs]:
    call = (new.inputs["functionName"], new.inputs.get("qualifier", "$LATEST"), new.mark(32, "0123456789abcdef"))
    return "_".join(map(str, call)), {"result": json.dumps(_hook_result(json.loads(str(new.inputs["input"]))))}


def _hook_result(given: Outputs) -> Outputs:
    """What our deploy hooks return, and nothing besides."""
    if "agent_runtime_id" in given:
        return {"version": given["version"], "updated": False}
    if "tag" in given:
        return {"tag": given["tag"], "digest": f"sha256:{'0' * 64}", "build": None}
    return {}


@answers("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
def _event_invoke(new: Created) -> tuple[str, Outputs]:
    return str(new.inputs["functionName"]), {}
