"""SVG by hand, PNG by resvg."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass, field
from html import escape
from math import hypot

import resvg_py

FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
INK = "#1f2933"
MUTED = "#7b8794"
SOURCE_KEY = b"Source-SHA256"

SCALE = 1.6
"""Pixels for each unit of the drawing: sharp on a dense screen, and below 1 MB."""


@dataclass(slots=True)
class Svg:
    """A drawing in user units."""

    width: float
    height: float
    parts: list[str] = field(default_factory=list[str])

    def rectangle(
        self, x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "none", radius: float = 6
    ) -> None:
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        stroke: str = INK,
        *,
        dashed: bool = False,
        arrow: bool = False,
        width: float = 1.4,
    ) -> None:
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{end[0]:g}" y2="{end[1]:g}" stroke="{stroke}" '
            f'stroke-width="{width:g}"{dash}/>'
        )
        if arrow:
            self._head(start, end, stroke)

    def curve(
        self,
        start: tuple[float, float],
        first: tuple[float, float],
        second: tuple[float, float],
        end: tuple[float, float],
        stroke: str,
    ) -> None:
        """A cubic curve with an arrow's head."""
        points = " ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, end))
        self.parts.append(
            f'<path d="M{start[0]:.1f} {start[1]:.1f} C{points}" fill="none" stroke="{stroke}" stroke-width="1.4"/>'
        )
        self._head(second, end, stroke)

    def _head(self, start: tuple[float, float], end: tuple[float, float], fill: str) -> None:
        (x, y), length = end, hypot(end[0] - start[0], end[1] - start[1])
        along = ((x - start[0]) / length, (y - start[1]) / length)
        wings = " ".join(
            f"L{x - 9 * along[0] + side * along[1]:.1f} {y - 9 * along[1] - side * along[0]:.1f}"
            for side in (4.5, -4.5)
        )
        self.parts.append(f'<path d="M{x:g} {y:g} {wings} z" fill="{fill}"/>')

    def dot(self, x: float, y: float, fill: str) -> None:
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{fill}"/>')

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 13,
        fill: str = INK,
        anchor: str = "middle",
        bold: bool = False,
    ) -> None:
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-family="{FONT}" font-size="{size:g}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}>{escape(text)}</text>'
        )

    def render(self) -> str:
        """The SVG document."""
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}" '
            f'viewBox="0 0 {self.width:g} {self.height:g}">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
        )


def digest(source: str) -> str:
    """What names the source of a picture inside it."""
    return hashlib.sha256(source.encode()).hexdigest()


def png(svg: str, source: str) -> bytes:
    """The picture, with the digest of the text it was drawn from in a text chunk."""
    picture = bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=SCALE))
    ihdr_end = 8 + 25
    data = SOURCE_KEY + b"\0" + digest(source).encode()
    chunk = struct.pack(">I", len(data)) + b"tEXt" + data + struct.pack(">I", zlib.crc32(b"tEXt" + data))
    return picture[:ihdr_end] + chunk + picture[ihdr_end:]


def source_of(picture: bytes) -> str | None:
    """The digest that `png` put into a picture, or None."""
    at = picture.find(SOURCE_KEY + b"\0")
    start = at + len(SOURCE_KEY) + 1
    return picture[start : start + 64].decode("ascii") if at >= 0 else None
