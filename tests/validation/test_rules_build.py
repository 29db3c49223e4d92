from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.validation.rule_cases import Case, fired, in_program, put
from validation.graph import Graph

CASES: list[Case] = [
    ("build-machine", put("d-build", "environment.type", "LINUX_CONTAINER")),
    ("build-machine", put("d-build", "environment.image", "aws/codebuild/amazonlinux-x86_64-standard:5.0")),
    ("build-machine", put("d-build", "environment.privilegedMode", False)),
    ("build-outlives-waiter", put("d-build", "buildTimeout", 60)),
    ("image-expiry", in_program(put("-images-lifecycle", "policy.rules.1.selection.countNumber", 1))),
    ("image-expiry", in_program(put("-images-lifecycle", "policy.rules.1.selection.countType", "imageCount"))),
    ("image-expiry", in_program(put("-images-lifecycle", "policy.rules.0.rulePriority", 5))),
    ("image-expiry", in_program(put("-images-lifecycle", "policy.rules.0.rulePriority", 2))),
]


@pytest.mark.parametrize(("rule", "change"), CASES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(CASES)])
def test_exactly_this_rule_fires(rule: str, change: Callable[[Graph], Graph]) -> None:
    assert fired(change) == {*rule.split(" & ")}
