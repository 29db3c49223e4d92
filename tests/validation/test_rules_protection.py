from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.rule_cases import Case, alter, fired, put
from validation.graph import Graph

CASES: list[Case] = [
    ("prod-unprotected", alter("d-connections", protect=False)),
    ("prod-deletable", put("d-connections", "deletionProtectionEnabled", False)),
    ("prod-deletable", put("d-people", "deletionProtection", "INACTIVE")),
    ("prod-deletable", put("d-images", "forceDelete", True)),
    ("prod-unrecoverable", put("d-connections", "pointInTimeRecovery", {"enabled": False})),
    ("prod-deleted-first", alter("d-connections", delete_before_replace=True)),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
