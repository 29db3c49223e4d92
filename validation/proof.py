"""All generic layers over one recorded stack."""

from __future__ import annotations

from validation import cloudformation, iam, sdk_types, service_models
from validation.accepted import unaccepted
from validation.findings import Finding
from validation.graph import Graph
from validation.recording import faults, record_stack, stack_config


def findings(graph: Graph, region: str) -> list[Finding]:
    """What cfn-lint, the service models and ol-parliament object to, accepted or not."""
    return [*cloudformation.lint(graph, region), *service_models.check(graph), *iam.check(graph)]


def faults_of_stack(stack: str) -> list[str]:
    """Everything that stands against deploying the stack, one sentence each."""
    graph = record_stack(stack)
    objections = unaccepted(findings(graph, stack_config(stack)[0]["aws:region"]))
    return [*faults(graph), *sdk_types.check(graph), *map(str, objections)]
