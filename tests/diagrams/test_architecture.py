"""The architecture pictures show the program, and every arrow leads to a file."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from diagrams import __main__ as command
from diagrams.architecture import KINDS, OUTSIDE, Architecture, architecture, holdings, table
from diagrams.drawing import digest, png, source_of
from diagrams.layout import PLACES, picture
from validation.recording import record_stack

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


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
        assert Path(arrow.file).parts[0] == "components", arrow
        assert {arrow.tail, arrow.head} <= keys
        assert arrow.label


def _titles(drawn: Architecture) -> dict[str, str]:
    return {box.key: box.title for box in drawn.boxes} | {key: key for key in OUTSIDE}


def _pairs(drawn: Architecture) -> set[tuple[str, str]]:
    titles = _titles(drawn)
    return {(titles[arrow.tail], titles[arrow.head]) for arrow in drawn.arrows}


def test_the_path_of_a_message_can_be_followed(drawn: Architecture) -> None:
    path = ["mac", "socket", "routes", "ws-manager", "agent", "tools", "mcp-proxy", "routes"]
    pairs = _pairs(drawn)
    missing = [hop for hop in itertools.pairwise(path) if hop not in pairs]
    assert not missing
    assert {("ws-manager", "mcp-proxy"), ("agent", "routes"), ("agent", "bedrock"), ("agent", "identity")} <= pairs


def test_nobody_reaches_the_tables_but_the_three_services(drawn: Architecture) -> None:
    assert {tail for tail, head in _pairs(drawn) if head == "tables"} == {"ws-manager", "mcp-proxy", "agent"}


def test_the_file_of_an_arrow_names_the_actions_that_it_allows(drawn: Architecture) -> None:
    verb = re.compile(r"(?:Get|Put|List|Batch|Delete|Update|Query|Connect|Invoke|Send|Manage)\w*")
    checked = 0
    for arrow in drawn.arrows:
        text = (ROOT / arrow.file).read_text()
        for word in filter(verb.fullmatch, arrow.label.split(", ")):
            assert f":{word}" in text, arrow
            checked += 1
    assert checked > 20


def test_each_memory_is_reached_by_what_its_own_file_says(drawn: Architecture) -> None:
    files = {_titles(drawn)[arrow.head]: arrow.file for arrow in drawn.arrows}
    assert files["memory"] == "components/session_memory.py"
    assert files["image"] == "components/agent_runtime.py"
    assert files["bedrock"] == "components/model_access.py"


def test_alarms_are_drawn_only_where_there_are_some(drawn: Architecture) -> None:
    alarms = any("MetricAlarm" in kind for box in drawn.boxes for kind in box.holds)
    (label,) = (arrow.label for arrow in drawn.arrows if arrow.head == "person")
    assert ("alarms" in label) is alarms


def test_picture_and_table_number_the_arrows_alike(drawn: Architecture) -> None:
    rows = table(drawn).splitlines()[2:]
    said = [text.text or "" for text in ElementTree.fromstring(picture(drawn)).iter(f"{SVG}text")]
    for number, arrow in enumerate(drawn.arrows, 1):
        first = arrow.label.partition(" (")[0].partition(", ")[0]
        (shown,) = (text for text in said if text.startswith(f"{number} "))
        assert first.startswith(shown.removeprefix(f"{number} ").removesuffix(" …"))
        assert rows[number - 1].startswith(f"| {number} | ")
        assert f"`{arrow.file}`" in rows[number - 1]


def test_every_box_is_in_the_picture_with_its_file(drawn: Architecture) -> None:
    said = [text.text for text in ElementTree.fromstring(picture(drawn)).iter(f"{SVG}text")]
    for box in drawn.boxes:
        assert {box.title, box.file, KINDS[box.type.rpartition(":")[2]][0]} <= set(said)
        assert f"| {box.title} | " in holdings(drawn)


def test_nothing_stands_on_something_else(drawn: Architecture) -> None:
    root = ElementTree.fromstring(picture(drawn))
    # Boxes have a frame, the grounds of labels have none.
    framed = [rect for rect in root.iter(f"{SVG}rect") if rect.get("stroke", "none") != "none"]
    areas = [tuple(float(rect.get(key, 0)) for key in ("x", "y", "width", "height")) for rect in framed]
    assert len(areas) == len(drawn.boxes) + len(OUTSIDE)
    for (x, y, w, h), (x2, y2, w2, h2) in itertools.combinations(areas, 2):
        assert x + w < x2 or x2 + w2 < x or y + h < y2 or y2 + h2 < y
    labels = [rect for rect in root.iter(f"{SVG}rect") if rect.get("fill") == "white" and rect.get("rx") == "3"]
    assert len(labels) == len(drawn.arrows)
    grounds = [tuple(float(rect.get(key, 0)) for key in ("x", "y", "width", "height")) for rect in labels]
    for (x, y, w, h), (x2, y2, w2, h2) in itertools.combinations(grounds, 2):
        assert x + w < x2 or x2 + w2 < x or y + h <= y2 + 6 or y2 + h2 <= y + 6
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert all(x >= 0 and x + w <= width and y >= 0 and y + h <= height for x, y, w, h in areas + grounds)


def test_every_place_is_used_and_every_kind_is_a_component() -> None:
    both = [architecture(record_stack(stack)) for stack in ("dev", "prod")]
    assert {box.title for drawn in both for box in drawn.boxes} | set(OUTSIDE) == set(PLACES)
    assert {box.type.rpartition(":")[2] for drawn in both for box in drawn.boxes} == set(KINDS)


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
