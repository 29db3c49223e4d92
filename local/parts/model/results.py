"""Finding the JSON object in the text of a tool result, however it was wrapped on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

MAX_DEPTH = 4
"""Layers of wrapping that are undone. Our own figure; Lambda, Gateway and MCP make two."""

_TAGGED = re.compile(r"<([A-Za-z][\w-]*)[^<>]*>(.*?)</\1>", re.DOTALL)


def read(text: str, depth: int = 0) -> dict[str, Any] | None:
    """The result object in a text: bare, between markers, or inside `{"content": [{"text": …}]}`."""
    objects = list(_objects(text))
    if not objects:
        return None
    # The outermost and largest: markers around it may hold small objects of their own.
    found, outside = max(objects, key=lambda pair: ("status" in pair[0], len(text) - len(pair[1])))
    inner = _unwrapped(found)
    if inner is not None and depth < MAX_DEPTH:
        return read(inner, depth + 1) or {"text": inner}
    tagged = [match[2].strip() for match in _TAGGED.finditer(outside) if match[2].strip()]
    return {**found, "text": "\n".join(tagged)} if tagged else found


def _objects(text: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Every JSON object that is not part of an earlier one, with the text around it."""
    decoder, position = json.JSONDecoder(), 0
    while (start := text.find("{", position)) >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = start + 1
            continue
        if isinstance(value, dict):
            yield cast(dict[str, Any], value), text[:start] + text[end:]
        position = end


def _unwrapped(found: dict[str, Any]) -> str | None:
    content = found.get("content")
    if "status" in found or not isinstance(content, list):
        return None
    blocks = cast(list[Any], content)
    texts = [block["text"] for block in blocks if isinstance(block, dict) and isinstance(block.get("text"), str)]
    return "\n".join(texts) if texts else None
