"""Names inside AWS's limits."""

from __future__ import annotations

import re

import pytest

from components.naming import LONGEST_PREFIX, prefix, underscored


def test_short_stacks_are_readable() -> None:
    assert prefix("deskside", "dev") == "deskside-dev"
    assert prefix("deskside", "prod") == "deskside-prod"


@pytest.mark.parametrize("stack", ["production-europe-central", "a" * 100, "Dev", "dev_1", "feature.login", "x-", "ø"])
def test_every_stack_gets_a_name_that_fits(stack: str) -> None:
    name = prefix("deskside", stack)
    assert len(name) <= LONGEST_PREFIX
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)
    assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,47}", underscored(name))


def test_cut_names_stay_distinct() -> None:
    stacks = ["production-europe-1", "production-europe-2", "dev", "Dev", "DEV", "dev-", "dev_", "dev."]
    assert len({prefix("deskside", stack) for stack in stacks}) == len(stacks)


def test_a_name_does_not_change_from_run_to_run() -> None:
    assert prefix("deskside", "production-europe-1") == "deskside-producti-4a59"
