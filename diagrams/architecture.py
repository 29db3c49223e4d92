"""What talks to what, read from the recorded resource graph.

A box is a component of `__main__.py`. An arrow is a call that the graph allows or configures: an IAM
statement, a Lambda permission, the target of the Gateway, an address in a service's environment.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.contract.settings import AgentSettings
from validation.graph import Graph, Resource

ROOT = Path(__file__).parents[1]
OUTSIDE = {"mac": "The person's Mac", "bedrock": "Bedrock model", "person": "Operator"}
"""What is not made by the program."""

TELEMETRY = ("logs:", "xray:", "cloudwatch:PutMetricData")
"""Every service writes these; arrows for them would hide the others."""


@dataclass(frozen=True, slots=True)
class Box:
    """One component of the program."""

    key: str
    title: str
    type: str
    """Of the component, as `deskside:index:Tables`."""
    file: str
    holds: tuple[str, ...]
    """The resources in it, as `2 Table`."""


@dataclass(frozen=True, slots=True, order=True)
class Arrow:
    """Something one component does to another."""

    tail: str
    head: str
    label: str
    file: str
    """Where it is made."""


@dataclass(frozen=True, slots=True)
class Architecture:
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


class _Owners:
    """Which top-level component a resource, or an ARN, belongs to."""

    def __init__(self, graph: Graph) -> None:
        self._parents = {resource.urn: resource.parent for resource in graph}
        self._components = {resource.urn: resource for resource in graph if not resource.custom}
        self._arns: dict[str, Resource] = {}
        for resource in graph:
            for name, value in resource.outputs.items():
                if isinstance(value, str) and value.startswith("arn:") and name.lower().endswith("arn"):
                    self._arns.setdefault(value, resource)

    def of(self, resource: Resource) -> Resource | None:
        """The outermost component around a resource that is not the stack."""
        urn: str | None = resource.urn
        found: Resource | None = None
        while urn is not None:
            component = self._components.get(urn)
            if component is not None and component.type.startswith("deskside:"):
                found = component
            urn = self._parents.get(urn)
        return found

    def of_arn(self, arn: str) -> Resource | None:
        """The component of the resource that an ARN, or the longest part of it, names."""
        fitting = [known for known in self._arns if arn == known or arn.startswith((f"{known}:", f"{known}/"))]
        return self.of(self._arns[max(fitting, key=len)]) if fitting else None


def architecture(graph: Graph) -> Architecture:
    """The boxes and arrows of a recorded stack."""
    owners = _Owners(graph)
    tops = {owner.urn: owner for resource in graph if (owner := owners.of(resource))}
    files = _files()
    boxes = [
        Box(owner.name, _title(graph, owner), owner.type, files[owner.type], _holdings(graph, owners, owner))
        for owner in tops.values()
    ]
    arrows = sorted(
        {arrow for source in _SOURCES for arrow in source(graph, owners, files) if arrow.tail != arrow.head}
    )
    return Architecture(tuple(sorted(boxes, key=lambda box: box.key)), tuple(_merged(arrows)))


def _merged(arrows: list[Arrow]) -> Iterator[Arrow]:
    """One arrow for each pair and file, with all of its labels."""
    labels: dict[tuple[str, str, str], list[str]] = {}
    for arrow in arrows:
        labels.setdefault((arrow.tail, arrow.head, arrow.file), []).append(arrow.label)
    for (tail, head, file), said in labels.items():
        each = (word for label in said for word in label.split(", "))
        yield Arrow(tail, head, ", ".join(dict.fromkeys(each)), file)


def _from_policies(graph: Graph, owners: _Owners, files: Mapping[str, str]) -> Iterator[Arrow]:
    for policy in graph.of_type("aws:iam/rolePolicy:RolePolicy"):
        owner = owners.of(policy)
        if owner is None:
            continue
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            actions = [action for action in _listed(statement["Action"]) if not action.startswith(TELEMETRY)]
            for arn in _listed(statement["Resource"]):
                reached = owners.of_arn(arn)
                head = "bedrock" if ":foundation-model/" in arn else _name(reached)
                if head and actions and head != owner.name:
                    near = [files[component.type] for component in (owner, reached) if component]
                    said = ", ".join(action.partition(":")[2] for action in actions)
                    yield Arrow(owner.name, head, said, _made_in(actions, near))


def _made_in(actions: list[str], near: list[str]) -> str:
    """The file that says what may be called: that of either end, or one that speaks for several."""
    for file in (*near, "components/model_access.py", "components/permissions.py"):
        text = (ROOT / file).read_text(encoding="utf-8")
        if all(f'"{action}"' in text for action in actions):
            return file
    raise LookupError(f"no file near {', '.join(near)} names {', '.join(actions)}")


def _from_permissions(graph: Graph, owners: _Owners, files: Mapping[str, str]) -> Iterator[Arrow]:
    functions = {function.outputs.get("name"): function for function in graph.of_type("aws:lambda/function:Function")}
    for permission in graph.of_type("aws:lambda/permission:Permission"):
        owner = owners.of(permission)
        function = functions.get(permission.inputs["function"])
        head = owners.of(function) if function else None
        if owner and head:
            kind = "$connect" if "/authorizers/" in permission.inputs.get("sourceArn", "") else "routes"
            yield Arrow(owner.name, head.name, kind, files[owner.type])


def _from_targets(graph: Graph, owners: _Owners, files: Mapping[str, str]) -> Iterator[Arrow]:
    for target in graph.of_type("aws:bedrock/agentcoreGatewayTarget:AgentcoreGatewayTarget"):
        owner = owners.of(target)
        arn = target.inputs["targetConfiguration"]["mcp"]["lambda"]["lambdaArn"]
        head = owners.of_arn(arn)
        if owner and head:
            yield Arrow(owner.name, head.name, "tools", files[owner.type])


def _from_environments(graph: Graph, owners: _Owners, files: Mapping[str, str]) -> Iterator[Arrow]:
    gateways = graph.of_type("aws:bedrock/agentcoreGateway:AgentcoreGateway")
    pools = graph.of_type("aws:cognito/userPool:UserPool")
    # `__main__.py` only hands an address on: it is made, with who may use it, by the component it leads to.
    for runtime in graph.of_type("aws:bedrock/agentcoreAgentRuntime:AgentcoreAgentRuntime"):
        settings = AgentSettings.from_environment(runtime.inputs["environmentVariables"])
        tail = _name(owners.of(runtime))
        for gateway in gateways:
            head = owners.of(gateway)
            if tail and head and settings.gateway_url == gateway.outputs["gatewayUrl"]:
                yield Arrow(tail, head.name, "MCP over HTTPS", files[head.type])
        for pool in pools:
            head = owners.of(pool)
            if tail and head and settings.token_url:
                yield Arrow(tail, head.name, "client_credentials", files[head.type])
    for function in graph.of_type("aws:lambda/function:Function"):
        variables: Mapping[str, str] = function.inputs.get("environment", {}).get("variables", {})
        tail = _name(owners.of(function))
        for pool in pools:
            head = owners.of(pool)
            if tail and head and str(pool.outputs["id"]) in variables.get("USER_POOL_ISSUER", ""):
                yield Arrow(tail, head.name, "JWKS", files[head.type])


def _from_outside(graph: Graph, owners: _Owners, files: Mapping[str, str]) -> Iterator[Arrow]:
    for api in graph.of_type("aws:apigatewayv2/api:Api"):
        owner = owners.of(api)
        if owner:
            yield Arrow("mac", owner.name, "one WebSocket", files[owner.type])
    for stage in graph.of_type("aws:apigatewayv2/stage:Stage"):
        owner = owners.of(stage)
        api = next(
            (api for api in graph.of_type("aws:apigatewayv2/api:Api") if api.outputs["id"] == stage.inputs["apiId"]),
            None,
        )
        if owner and api:
            yield Arrow(_name(owners.of(api)) or "", owner.name, "stage", files[owner.type])
    for client in graph.of_type("aws:cognito/userPoolClient:UserPoolClient"):
        owner = owners.of(client)
        if owner and client.inputs.get("callbackUrls"):
            yield Arrow("mac", owner.name, "sign-in (PKCE)", files[owner.type])
    told = [
        text
        for kind, text in (
            ("aws:cloudwatch/metricAlarm:MetricAlarm", "alarms"),
            ("aws:cloudwatch/eventTarget:EventTarget", "failed executions"),
        )
        if graph.of_type(kind)
    ]
    for topic in graph.of_type("aws:sns/topic:Topic"):
        owner = owners.of(topic)
        if owner and told:
            yield Arrow(owner.name, "person", f"{', '.join(told)} (to deskside:alarmEmail)", files[owner.type])


def _from_networks(graph: Graph, owners: _Owners, files: Mapping[str, str]) -> Iterator[Arrow]:
    subnets = {subnet for vpc in graph.of_type("awsx:ec2:Vpc") for subnet in vpc.outputs["privateSubnetIds"]}
    network = next((owners.of(vpc) for vpc in graph.of_type("awsx:ec2:Vpc")), None)
    for resource in graph:
        used = json.dumps(resource.inputs, default=str)
        owner = owners.of(resource)
        if network and owner and any(f'"{subnet}"' in used for subnet in subnets):
            yield Arrow(owner.name, network.name, "in its subnets", files[network.type])


_SOURCES = (_from_policies, _from_permissions, _from_targets, _from_environments, _from_outside, _from_networks)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _name(component: Resource | None) -> str | None:
    return component.name if component else None


def _title(graph: Graph, component: Resource) -> str:
    return component.name.rpartition(f"{graph.stack}-")[2] or component.name


def _holdings(graph: Graph, owners: _Owners, component: Resource) -> tuple[str, ...]:
    kinds = Counter(
        resource.type.rpartition(":")[2]
        for resource in graph
        if (resource.custom or resource.remote) and owners.of(resource) is component
    )
    plain = {"Role", "RolePolicy", "Permission", "Alias", "LogGroup"}
    return tuple(f"{count} {kind}" if count > 1 else kind for kind, count in sorted(kinds.items()) if kind not in plain)


def _files() -> dict[str, str]:
    """The file of each of our component types."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "components").rglob("*.py")):
        for name in re.findall(r'"(deskside:index:\w+)"', path.read_text(encoding="utf-8")):
            found[name] = str(path.relative_to(ROOT))
    return found


KINDS: Mapping[str, tuple[str, str]] = {
    "AccountSettings": ("once per account", "#e4e7eb"),
    "AgentImage": ("CodeBuild, ECR", "#dcfce7"),
    "AgentRuntime": ("AgentCore Runtime", "#dcfce7"),
    "DurableFunction": ("durable Lambda", "#fef3c7"),
    "Identity": ("Cognito", "#fee2e2"),
    "Network": ("VPC", "#e4e7eb"),
    "Observability": ("CloudWatch, X-Ray", "#e4e7eb"),
    "PythonFunction": ("Lambda", "#fef3c7"),
    "S3SessionMemory": ("session memory in S3", "#cffafe"),
    "Tables": ("DynamoDB", "#cffafe"),
    "ToolGateway": ("AgentCore Gateway", "#fce7f3"),
    "ValkeySessionMemory": ("session memory in Valkey", "#cffafe"),
    "WebSocketApi": ("API Gateway, the API", "#e0e7ff"),
    "WebSocketRoutes": ("API Gateway, its stage", "#e0e7ff"),
}
"""What each component is in AWS's words, and its colour: that of the flow pictures."""


def holdings(drawn: Architecture) -> str:
    """The boxes as a Markdown table: file, and resources beside roles, permissions, aliases and log groups."""
    rows = [
        f"| {box.title} | {KINDS[box.type.rpartition(':')[2]][0]} | `{box.file}` | {', '.join(box.holds)} |"
        for box in drawn.boxes
    ]
    return "\n".join(["| box | in AWS | made in | resources in it |", "| --- | --- | --- | --- |", *rows, ""])


def table(drawn: Architecture) -> str:
    """The arrows as a Markdown table: which is which, and the file that makes it."""
    titles = {**{box.key: box.title for box in drawn.boxes}, **OUTSIDE}
    rows = [
        f"| {number} | {titles[arrow.tail]} | {titles[arrow.head]} | {arrow.label} | `{arrow.file}` |"
        for number, arrow in enumerate(drawn.arrows, 1)
    ]
    return "\n".join(["| arrow | from | to | what | made in |", "| --- | --- | --- | --- | --- |", *rows, ""])
