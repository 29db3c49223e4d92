"""cfn-lint over a rendered template, in this process."""

from __future__ import annotations

from typing import Final, cast

from cfnlint.api import lint as cfnlint_lint  # pyright: ignore[reportMissingTypeStubs]
from cfnlint.config import ManualArgs  # pyright: ignore[reportMissingTypeStubs]

from validation.cloudformation.rendering import Rendered, lost, render, template
from validation.findings import Finding
from validation.graph import Graph

LAYER: Final = "cloudformation"

WARNINGS: Final = frozenset({"W2531", "W3037", "W3663", "W3664"})
"""Warnings that matter: a runtime near its end, an unknown action, a permission that does not fit."""


def lint(graph: Graph, region: str) -> list[Finding]:
    """What cfn-lint objects to, all errors and the warnings above, and inputs that it was not shown.

    Args:
        graph: the recorded stack.
        region: whose resource schemas apply.
    """
    rendered = render(graph)
    unseen = [
        Finding(LAYER, "lost", one.resource.name, one.resource.type, message)
        for one in rendered.values()
        for message in lost(one)
    ]
    return [*unseen, *lint_rendered(rendered, region)]


def lint_rendered(rendered: dict[str, Rendered], region: str) -> list[Finding]:
    """The same for resources that are rendered already, by logical id."""
    matches = cfnlint_lint(template(rendered), config=ManualArgs(regions=[region]))
    found: list[Finding] = []
    for match in matches:
        rule = str(match.rule.id)
        if not (rule.startswith("E") or rule in WARNINGS):
            continue
        path = [str(part) for part in cast(list[object], getattr(match, "path", None) or [])]
        one = rendered.get(path[1]) if len(path) > 1 else None
        where = ".".join(path[3:])
        found.append(
            Finding(
                layer=LAYER,
                rule=rule,
                resource=one.resource.name if one else "template",
                type=one.resource.type if one else "",
                message=f"{where}: {' '.join(match.message.split())}",
            )
        )
    return found
