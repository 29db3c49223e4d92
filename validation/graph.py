"""The resources a program registered, as plain data that rules and pictures read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One registration, as the Pulumi engine received it."""

    urn: str
    type: str
    """Type token, such as `aws:lambda/function:Function`."""
    name: str
    """Logical name."""
    inputs: Mapping[str, Any]
    """Plain values by wire name (camelCase); secrets are unwrapped and listed in `secrets`."""
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the stand-in for AWS answered."""
    custom: bool = True
    """False for components."""
    remote: bool = False
    """True for packaged components such as awsx.ec2.Vpc, whose children are not seen."""
    parent: str | None = None
    """URN."""
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """URNs or names under which the engine knew the resource before."""
    import_id: str | None = None
    """Of the existing resource that is taken over."""
    deleted_with: str | None = None
    """URN of what takes the resource with it when it is deleted."""
    timeouts: Mapping[str, str] = field(default_factory=dict[str, str])
    """How long to wait for AWS, where it is not the provider's default."""
    dependencies: frozenset[str] = frozenset()
    """URNs, explicit and through inputs."""
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """By input: URNs of the resources whose outputs it was made from."""
    provider: str | None = None
    """URN of the explicit provider, or None for a default provider."""
    secrets: frozenset[str] = frozenset()
    """Top-level inputs that are secret."""


@dataclass(frozen=True, slots=True)
class Graph:
    """All registrations of one run, in the order of their URNs."""

    project: str
    stack: str
    resources: tuple[Resource, ...]
    exports: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secret_exports: frozenset[str] = frozenset()
    invokes: tuple[str, ...] = ()
    """Tokens of the provider functions that were called."""
    _by_type: Mapping[str, list[Resource]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_type: dict[str, list[Resource]] = {}
        for resource in self.resources:
            by_type.setdefault(resource.type, []).append(resource)
        object.__setattr__(self, "_by_type", by_type)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def of_type(self, *types: str) -> list[Resource]:
        """The resources with one of these type tokens."""
        if len(types) == 1:
            return [*self._by_type.get(types[0], ())]
        return [resource for resource in self.resources if resource.type in types]

    def named(self, name: str, type: str | None = None) -> Resource:
        """The one resource of that logical name.

        Raises:
            LookupError: there is none, or more than one.
        """
        found = [r for r in self.resources if r.name == name and type in (None, r.type)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} resources are named {name}")
        return found[0]

    def by_urn(self, urn: str) -> Resource:
        """The resource of that URN; raises LookupError when there is none."""
        for resource in self.resources:
            if resource.urn == urn:
                return resource
        raise LookupError(urn)
