"""Prod: what holds data cannot be deleted by mistake, and can be brought back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validation.graph import Graph
from validation.rules.reading import TABLE, at
from validation.rules.rule import Problems

PROTECTED_STACKS = ("prod",)

STATEFUL: tuple[str, ...] = (
    TABLE,
    "aws:cognito/userPool:UserPool",
    "aws:ecr/repository:Repository",
    "aws:elasticache/serverlessCache:ServerlessCache",
)
"""Types that hold what people would miss. A bucket counts unless it is for build sources only."""

DELETION_PROTECTION: Mapping[str, tuple[str, Any]] = {
    TABLE: ("deletionProtectionEnabled", True),
    "aws:cognito/userPool:UserPool": ("deletionProtection", "ACTIVE"),
}
FORCED: Mapping[str, str] = {"aws:ecr/repository:Repository": "forceDelete", "aws:s3/bucket:Bucket": "forceDestroy"}


def prod_unprotected(graph: Graph) -> Problems:
    """In prod Pulumi refuses to delete what holds data."""
    if graph.stack in PROTECTED_STACKS:
        for resource in graph.of_type(*STATEFUL):
            if not resource.protect:
                yield resource, "can be deleted by pulumi destroy"


def prod_deletable(graph: Graph) -> Problems:
    """In prod AWS refuses to delete what holds data."""
    if graph.stack in PROTECTED_STACKS:
        for type, (key, value) in DELETION_PROTECTION.items():
            for resource in graph.of_type(type):
                if resource.inputs.get(key) != value:
                    yield resource, f"can be deleted in AWS: {key} is {resource.inputs.get(key)}"
        for type, key in FORCED.items():
            for resource in graph.of_type(type):
                if resource.inputs.get(key) is True:
                    yield resource, f"is deleted with all it holds: {key}"


def prod_unrecoverable(graph: Graph) -> Problems:
    """In prod tables can be put back to any second of the last days."""
    if graph.stack in PROTECTED_STACKS:
        for table in graph.of_type(TABLE):
            if at(table, "pointInTimeRecovery.enabled") is not True:
                yield table, "has no point-in-time recovery"


def prod_deleted_first(graph: Graph) -> Problems:
    """In prod nothing that holds data is deleted to make room for its successor."""
    if graph.stack in PROTECTED_STACKS:
        for resource in graph.of_type(*STATEFUL):
            if resource.delete_before_replace:
                yield resource, "is deleted, with what it holds, before it is replaced"


RULES = (prod_unprotected, prod_deletable, prod_unrecoverable, prod_deleted_first)
