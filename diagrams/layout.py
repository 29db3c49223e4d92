"""The architecture as a picture. Boxes and arrows come from the graph; only where a box stands is said here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import hypot

from diagrams.architecture import KINDS, OUTSIDE, Architecture, Arrow
from diagrams.drawing import INK, MUTED, Svg

PLACES: dict[str, tuple[float, float]] = {
    "mac": (2, 0),
    "socket": (2, 1),
    "routes": (2, 2),
    "ws-manager": (2, 3),
    "agent": (2, 4),
    "tools": (2, 5),
    "mcp-proxy": (2, 6),
    "identity": (-0.1, 2),
    "authorizer": (0.87, 2),
    "bedrock": (0.3, 3.6),
    "image": (0.2, 4.5),
    "memory": (0.3, 5.4),
    "network": (0.9, 6.3),
    "tables": (3.7, 4.3),
    "account": (3.7, 0),
    "watch": (3.7, 1),
    "person": (3.7, 2),
}
"""Column and row of each box: a prompt runs down the middle. Boxes are named by their titles."""

COLUMN, ROW, LEFT, TOP = 285.0, 120.0, 130.0, 50.0
HEIGHT = 62.0
GAP = 34.0
"""Between two arrows of the same boxes."""
LABEL = "#b45309"
OUTSIDE_COLOUR = "#dbeafe"


@dataclass(frozen=True, slots=True)
class _Placed:
    x: float
    y: float
    width: float
    height: float

    def leave(self, start: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
        """Where a line from a point in the box towards another one crosses the box's border."""
        parts = [1.0]
        for at, way, middle, size in (
            (start[0], towards[0] - start[0], self.x, self.width),
            (start[1], towards[1] - start[1], self.y, self.height),
        ):
            if way:
                parts.append((middle + (size if way > 0 else -size) / 2 - at) / way)
        part = min(parts)
        return start[0] + (towards[0] - start[0]) * part, start[1] + (towards[1] - start[1]) * part


def picture(drawn: Architecture) -> str:
    """The SVG; the numbers of its arrows are those of the table.

    Raises:
        KeyError: a box has no place, or its type no name.
    """
    boxes = {key: _placed(key, len(title), HEIGHT / 2) for key, title in OUTSIDE.items()}
    boxes |= {box.key: _placed(box.title, len(box.file) * 0.7, HEIGHT) for box in drawn.boxes}
    svg = Svg(max(box.x + box.width / 2 for box in boxes.values()) + 24, TOP + 6.9 * ROW + 24)
    labels = [_connect(svg, boxes, drawn.arrows, number) for number in range(len(drawn.arrows))]
    for key, title in OUTSIDE.items():
        place = boxes[key]
        _frame(svg, place, OUTSIDE_COLOUR)
        svg.text(place.x, place.y + 5, title, size=15)
    for box in drawn.boxes:
        place, (what, colour) = boxes[box.key], KINDS[box.type.rpartition(":")[2]]
        _frame(svg, place, colour)
        svg.text(place.x, place.y - 12, box.title, size=16, bold=True)
        svg.text(place.x, place.y + 6, what, size=12.5)
        svg.text(place.x, place.y + 23, box.file, size=11.5, fill="#0e7490")
    for x, y, text in labels:
        lines = _folded(text)
        width = max(map(len, lines)) * 7.4
        svg.rectangle(x - width / 2, y - 9 * len(lines), width, 18 * len(lines), "white", radius=3)
        for place, line in enumerate(lines):
            svg.text(x, y + 5 + 17 * (place - (len(lines) - 1) / 2), line, size=13, fill=LABEL)
    svg.text(24, svg.height - 14, _LEGEND, size=12.5, fill=MUTED, anchor="start")
    return svg.render()


_LEGEND = "Numbers are those of the table. Light blue: not made by the program."


def _placed(title: str, characters: float, height: float) -> _Placed:
    column, row = PLACES[title]
    return _Placed(LEFT + column * COLUMN, TOP + row * ROW, max(150.0, characters * 9.6 + 16), height)


def _frame(svg: Svg, box: _Placed, colour: str) -> None:
    svg.rectangle(box.x - box.width / 2, box.y - box.height / 2, box.width, box.height, colour, stroke="#9aa5b1")


def _connect(svg: Svg, boxes: dict[str, _Placed], arrows: tuple[Arrow, ...], place: int) -> tuple[float, float, str]:
    """Draw one arrow; returns its label and where that goes."""
    arrow = arrows[place]
    tail, head = boxes[arrow.tail], boxes[arrow.head]
    text = f"{place + 1} {_short(arrow)}"
    if tail.x == head.x and abs(tail.y - head.y) > 1.5 * ROW:
        # Around the boxes between them.
        far = round(abs(tail.y - head.y) / ROW)
        bulge = tail.x + 140 + 65 * far
        inset = 9 * (far - 3)
        start, end = (tail.x + tail.width / 2, tail.y - inset), (head.x + head.width / 2, head.y + inset)
        svg.curve(start, (bulge, start[1]), (bulge, end[1]), end, INK)
        # The widest ones' labels near their tails: half-way are those of the arrows that they cross.
        part = 0.5 if far < 4 else 0.2
        out, down = 3 * part * (1 - part), part * part * (3 - 2 * part)
        return start[0] + (bulge - start[0]) * out, start[1] + (end[1] - start[1]) * down, text
    beside = [each for each in arrows if {each.tail, each.head} == {arrow.tail, arrow.head}]
    place_beside = beside.index(arrow)
    shift = GAP * (place_beside - (len(beside) - 1) / 2)
    length = hypot(head.x - tail.x, head.y - tail.y)
    # Those in the other direction on the other side.
    sign = 1 if arrow.tail == beside[0].tail else -1
    across = (sign * (tail.y - head.y) / length * shift, sign * (head.x - tail.x) / length * shift)
    middles = [(box.x + across[0], box.y + across[1]) for box in (tail, head)]
    start, end = tail.leave(middles[0], middles[1]), head.leave(middles[1], middles[0])
    svg.line(start, end, INK, arrow=True)
    along = 0.5 if start[0] == end[0] or start[1] == end[1] else 0.64
    if len(beside) > 1:
        # One label near each end, whichever way the arrows go.
        along = 0.72 if place_beside and sign > 0 else 0.28
    return start[0] + (end[0] - start[0]) * along, start[1] + (end[1] - start[1]) * along, text


def _short(arrow: Arrow) -> str:
    first, _, more = arrow.label.partition(" (")[0].partition(", ")
    return f"{first} …" if more else first


def _folded(text: str) -> list[str]:
    """Long names of actions in two lines, where a new word begins."""
    found = re.match(r"(\d+ \w{16,22})(?=[A-Z])(\w{6,}.*)$", text)
    return list(found.groups()) if found else [text]
