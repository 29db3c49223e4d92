"""Durable functions: what calls them must name a version, and what they may do is per version."""

from __future__ import annotations

import re
from typing import Any

from services.contract.limits import MAX_EXECUTION_TIMEOUT, TIMEOUTS
from validation.graph import Graph
from validation.rules.reading import (
    ALIAS,
    FUNCTION,
    INVOCATION,
    PERMISSION,
    ROLE,
    TARGET,
    allows,
    at,
    covers,
    decoded,
    durable_functions,
    found,
    function_of,
    identity_statements,
    listed,
    mapping,
    role_statements,
    sources,
    texts,
    told,
)
from validation.rules.rule import Problems

CALLS: tuple[str, ...] = (
    "lambda:SendDurableExecutionCallbackSuccess",
    "lambda:SendDurableExecutionCallbackFailure",
    "lambda:SendDurableExecutionCallbackHeartbeat",
)
CHECKPOINTS = ("lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState")
MANAGED = "AWSLambdaBasicDurableExecutionRolePolicy"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"


def unqualified_durable_arn(graph: Graph) -> Problems:
    """A durable function is named with version or alias wherever an ARN of it is used."""
    for function in durable_functions(graph):
        arn = told(function, "arn")
        bare = re.compile(re.escape(str(arn)) + r"(?![A-Za-z0-9_:-])")
        for resource in graph:
            # A trust policy compares the ARN that Lambda sends; event rules are looked at below.
            inputs = {k: v for k, v in resource.inputs.items() if k != "assumeRolePolicy"}
            if resource.type == EVENT_RULE:
                inputs["eventPattern"] = _without_prefixes(decoded(inputs.get("eventPattern")))
            if any(str(arn) in text and bare.search(text) for text in texts(inputs)):
                yield resource, f"uses {function.name} without version or alias, which Lambda refuses"


def _without_prefixes(pattern: Any) -> Any:
    """An event pattern without the alternatives in which a prefix or wildcard covers every version."""
    if isinstance(pattern, dict):
        return {key: _without_prefixes(value) for key, value in mapping(pattern).items()}
    if any(mapping(one).keys() & {"prefix", "wildcard"} for one in listed(pattern)):
        return []
    return pattern


def durable_call_without_qualifier(graph: Graph) -> Problems:
    """Permissions, invocations and settings of a durable function name a version or alias, never $LATEST."""
    by_name = {
        PERMISSION: "function",
        INVOCATION: "functionName",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "functionName",
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": "functionName",
    }
    for type, key in by_name.items():
        for resource in graph.of_type(type):
            function = function_of(graph, resource.inputs.get(key))
            if function in durable_functions(graph) and resource.inputs.get("qualifier") in (None, "", "$LATEST"):
                yield resource, f"concerns the durable {function.name} without a qualifier" if function else ""


def durable_not_published(graph: Graph) -> Problems:
    """A durable function publishes its versions, and an alias points to one."""
    for function in durable_functions(graph):
        if function.inputs.get("publish") is not True:
            yield function, "is durable but does not publish versions, without which it cannot be invoked"
        if not any(function_of(graph, a.inputs.get("functionName")) is function for a in graph.of_type(ALIAS)):
            yield function, "is durable but has no alias"


def alias_on_latest(graph: Graph) -> Problems:
    """An alias points to a published version of its own function."""
    for alias in graph.of_type(ALIAS):
        version = alias.inputs.get("functionVersion")
        function = function_of(graph, alias.inputs.get("functionName"))
        if version == "$LATEST":
            yield alias, "points to $LATEST: an execution would be replayed on changed code"
        elif function is None:
            yield alias, "is for a function that is not there"
        elif not function.inputs.get("durableConfig") and function.inputs.get("publish") is not True:
            yield alias, f"is for {function.name}, which does not publish versions"
        elif str(version) != str(told(function, "version")) or function.urn not in sources(
            graph, alias, "functionVersion"
        ):
            yield alias, f"points to version {version}, not to the one that the update publishes"


def durable_execution_time(graph: Graph) -> Problems:
    """A durable execution fits into one synchronous call, and a tool's into the timeout chain."""
    targets = [at(t, "targetConfiguration.mcp.lambda.lambdaArn") for t in graph.of_type(TARGET)]
    tools = {function.urn for arn in targets if (function := function_of(graph, arn))}
    for function in durable_functions(graph):
        seconds = at(function, "durableConfig.executionTimeout")
        if not isinstance(seconds, int | float) or not 1 <= seconds <= MAX_EXECUTION_TIMEOUT:
            yield function, f"may run {seconds} s; the Gateway's synchronous call ends after {MAX_EXECUTION_TIMEOUT} s"
        elif function.urn in tools and not TIMEOUTS.callback < seconds < TIMEOUTS.mcp_call:
            yield (
                function,
                f"may run {seconds} s, not between the callback's {TIMEOUTS.callback} s"
                f" and the tool call's {TIMEOUTS.mcp_call} s",
            )


def durable_without_checkpoints(graph: Graph) -> Problems:
    """A durable function's role may checkpoint, on all versions of the function."""
    for function in durable_functions(graph):
        role = found(graph, ROLE, "arn", function.inputs.get("role"))
        attached = [
            str(a.inputs.get("policyArn"))
            for a in graph.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
            if role is not None and a.inputs.get("role") == told(role, "name")
        ]
        if any(arn.endswith(MANAGED) for arn in attached):
            continue
        statements = role_statements(graph, function.inputs.get("role"))
        for action in CHECKPOINTS:
            execution = f"{told(function, 'arn')}:1/durable-execution/name/id"
            if not allows(statements, action, execution):
                yield function, f"has a role that may not {action} on its versions"


def callback_on_one_version(graph: Graph) -> Problems:
    """Durable actions are granted on `function:NAME:*`: AWS authorizes them against the running version."""
    names = [str(told(function, "arn")) for function in durable_functions(graph)]
    for statement in identity_statements(graph):
        if not any(action in (*CALLS, *CHECKPOINTS) for action in statement.actions):
            continue
        for resource in statement.resources:
            # The execution's ARN has the version and its own name and id after the function's.
            if not any(covers(resource, f"{name}:7/durable-execution/a/b") for name in names):
                yield statement.owner, f"grants durable actions on {resource}, which no execution of ours ever is"
            elif resource.startswith("*"):
                yield statement.owner, "grants durable actions on everything"


def callback_forbidden(graph: Graph) -> Problems:
    """Somebody may complete the callbacks of a durable function that answers tool calls, with either outcome."""
    for target in graph.of_type(TARGET):
        function = function_of(graph, at(target, "targetConfiguration.mcp.lambda.lambdaArn"))
        if function is None or not function.inputs.get("durableConfig"):
            continue
        for action in CALLS[:2]:
            execution = f"{told(function, 'arn')}:1/durable-execution/name/id"
            if not allows([*identity_statements(graph)], action, execution):
                yield function, f"waits for callbacks, but no role may {action}"


def function_time_limit(graph: Graph) -> Problems:
    """A function may run at most 900 s, and one that API Gateway waits for no longer than it does."""
    waited = {
        function.urn
        for type, key in (
            ("aws:apigatewayv2/integration:Integration", "integrationUri"),
            ("aws:apigatewayv2/authorizer:Authorizer", "authorizerUri"),
        )
        for resource in graph.of_type(type)
        if (function := function_of(graph, resource.inputs.get(key)))
    }
    for function in graph.of_type(FUNCTION):
        seconds = function.inputs.get("timeout", 3)
        if not 1 <= seconds <= 900:
            yield function, f"has a timeout of {seconds} s; Lambda allows 1 to 900"
        elif function.urn in waited and seconds > TIMEOUTS.integration:
            yield function, f"may run {seconds} s, but API Gateway gives up after {TIMEOUTS.integration} s"


RULES = (
    unqualified_durable_arn,
    durable_call_without_qualifier,
    durable_not_published,
    alias_on_latest,
    durable_execution_time,
    durable_without_checkpoints,
    callback_on_one_version,
    callback_forbidden,
    function_time_limit,
)
