"""Every seeded fault is caught by a layer with a name, and docs/validation.md says by which."""

from __future__ import annotations

from functools import cache

import pytest

from tests.validation import seeded
from tests.validation.rule_cases import program
from tests.validation.seeded import GRAPH_SEEDS
from tests.validation.seeds import SOURCE_SEEDS, TYPE_SEEDS
from validation import rules

pytestmark = pytest.mark.timeout(300)


@cache
def caught() -> seeded.Caught:
    return seeded.catch_all()


def test_the_program_without_faults_passes_the_layers() -> None:
    assert rules.check(program()) == []
    assert seeded.sdk_types.check(program()) == []


@pytest.mark.parametrize("fault", [seed.fault for seed in (*GRAPH_SEEDS, *SOURCE_SEEDS, *TYPE_SEEDS)])
def test_the_fault_is_caught(fault: str) -> None:
    assert caught()[fault], "no layer objects"


def test_there_are_at_least_forty_and_each_once() -> None:
    faults = [seed.fault for seed in (*GRAPH_SEEDS, *SOURCE_SEEDS, *TYPE_SEEDS)]
    assert len(faults) == len(set(faults)) >= 40


def test_the_document_says_what_caught_each() -> None:
    document = seeded.DOCUMENT.read_text()
    assert seeded.written(document, caught()) == document, "run `python -m tests.validation.seeded --write`"
