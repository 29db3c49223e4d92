"""The real program, recorded once per stack for all tests here."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from validation.graph import Graph
from validation.recording import record_stack, stack_config
from validation.snapshot import STACKS


@dataclass(frozen=True, slots=True)
class Recorded:
    """One stack's graph with faithful outputs, in preview."""

    stack: str
    region: str
    graph: Graph
    seconds: float
    """What recording took, imports of the SDK included for the first."""


@pytest.fixture(scope="session")
def recordings() -> dict[str, Recorded]:
    return {stack: _recorded(stack) for stack in STACKS}


@pytest.fixture(scope="session", params=STACKS)
def recorded(request: pytest.FixtureRequest, recordings: dict[str, Recorded]) -> Recorded:
    return recordings[request.param]


def _recorded(stack: str) -> Recorded:
    began = time.monotonic()
    graph = record_stack(stack)
    return Recorded(stack, stack_config(stack)[0]["aws:region"], graph, time.monotonic() - began)
