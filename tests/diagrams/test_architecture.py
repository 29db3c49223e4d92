"""The architecture pictures show the program, and every arrow leads to a file."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from diagrams import __main__ as command
from diagrams.architecture import OUTSIDE, Architecture, architecture, dot, table
from diagrams.drawing import digest, png, source_of
from validation.recording import record_stack

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=["dev", "prod"])
def drawn(request: pytest.FixtureRequest) -> Architecture:
    return architecture(record_stack(request.param))


def test_every_component_of_the_program_is_a_box(drawn: Architecture) -> None:
    titles = {box.title for box in drawn.boxes}
    assert titles >= {"tables", "identity", "socket", "routes", "mcp-proxy", "ws-manager", "authorizer"}
    assert titles >= {"tools", "image", "agent", "memory", "watch"}
    assert all((ROOT / box.file).is_file() for box in drawn.boxes)


def test_every_arrow_leads_to_one_file(drawn: Architecture) -> None:
    keys = {box.key for box in drawn.boxes} | set(OUTSIDE)
    for arrow in drawn.arrows:
        assert (ROOT / arrow.file).is_file(), arrow
        assert {arrow.tail, arrow.head} <= keys
        assert arrow.label


def _pairs(drawn: Architecture) -> set[tuple[str, str]]:
    titles = {box.key: box.title for box in drawn.boxes} | {key: key for key in OUTSIDE}
    return {(titles[arrow.tail], titles[arrow.head]) for arrow in drawn.arrows}


def test_the_path_of_a_message_can_be_followed(drawn: Architecture) -> None:
    path = ["mac", "socket", "routes", "ws-manager", "agent", "tools", "mcp-proxy", "routes"]
    pairs = _pairs(drawn)
    missing = [hop for hop in itertools.pairwise(path) if hop not in pairs]
    assert not missing
    assert {("ws-manager", "mcp-proxy"), ("agent", "routes"), ("agent", "bedrock"), ("agent", "identity")} <= pairs


def test_nobody_reaches_the_tables_but_the_three_services(drawn: Architecture) -> None:
    assert {tail for tail, head in _pairs(drawn) if head == "tables"} == {"ws-manager", "mcp-proxy", "agent"}


def test_picture_and_table_number_the_arrows_alike(drawn: Architecture) -> None:
    source, rows = dot(drawn), table(drawn).splitlines()[2:]
    for number, arrow in enumerate(drawn.arrows, 1):
        assert f'"{arrow.tail}" -> "{arrow.head}" [label=" {number} "' in source
        assert rows[number - 1].startswith(f"| {number} | ")
        assert f"`{arrow.file}`" in rows[number - 1]


def test_the_vpc_is_in_prod_only() -> None:
    assert "network" not in {box.title for box in architecture(record_stack("dev")).boxes}
    prod = architecture(record_stack("prod"))
    assert {("agent", "network"), ("memory", "network")} <= _pairs(prod)


def test_a_picture_tells_what_it_was_drawn_from() -> None:
    picture = png('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "the source")
    assert picture.startswith(b"\x89PNG")
    assert source_of(picture) == digest("the source") != digest("another")
    assert source_of(b"\x89PNG") is None


def test_the_documents_show_the_present_program() -> None:
    assert command.stale() == [], "run `make diagrams`"
