"""What a rule is: a function from the graph to the resources that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from validation.graph import Graph, Resource

Problems = Iterator[tuple[Resource, str]]
"""A resource that breaks the rule, and a sentence on how."""

Rule = Callable[[Graph], Problems]
"""Its name in kebab case is the rule's name, the first line of its docstring its description."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One resource that breaks one rule."""

    rule: str
    urn: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.urn.rsplit('::', 1)[-1]}: {self.sentence}"


def rule_name(rule: Rule) -> str:
    """`star_action` → `star-action`."""
    return rule.__name__.strip("_").replace("_", "-")  # type: ignore[attr-defined]


def described(rule: Rule) -> str:
    """The first line of the rule's docstring."""
    return (rule.__doc__ or "").strip().splitlines()[0]


def registry(rules: Iterable[Rule]) -> Mapping[str, Rule]:
    """The rules by name.

    Raises:
        ValueError: two rules share a name.
    """
    named: dict[str, Rule] = {}
    for rule in rules:
        if rule_name(rule) in named:
            raise ValueError(f"two rules are named {rule_name(rule)}")
        named[rule_name(rule)] = rule
    return named


def findings(graph: Graph, rules: Mapping[str, Rule]) -> list[Finding]:
    """What these rules find in the graph, in a stable order."""
    return sorted(
        Finding(name, resource.urn, sentence) for name, rule in rules.items() for resource, sentence in rule(graph)
    )
