"""Rules of our own over the graph of a stack: what AWS would refuse, and what would bite later.

Each module is one subject, each rule a plain function (`rule.Rule`). The tests run them over the
recorded graphs, `policy_pack` over a real preview.
"""

from __future__ import annotations

from validation.graph import Graph
from validation.rules import (
    agentcore,
    alarms,
    build,
    durable,
    environment,
    iam,
    identity,
    lambda_,
    names,
    network,
    observability,
    protection,
    roles,
    secrets,
    storage,
    structure,
    websocket,
)
from validation.rules.rule import Finding, described, findings, registry, rule_name

MODULES = (
    durable,
    lambda_,
    websocket,
    iam,
    roles,
    environment,
    agentcore,
    build,
    network,
    storage,
    identity,
    observability,
    alarms,
    names,
    secrets,
    protection,
    structure,
)

RULES = registry(rule for module in MODULES for rule in module.RULES)
"""Every rule by name."""


def check(graph: Graph) -> list[Finding]:
    """What all rules find in the graph."""
    return findings(graph, RULES)


__all__ = ["MODULES", "RULES", "Finding", "check", "described", "rule_name"]
