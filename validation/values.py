"""Values inside values: mappings, lists, and JSON kept as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value inside, with its path; keys of mappings count as values too."""
    if isinstance(value, Mapping):
        for key, inner in cast(Mapping[str, Any], value).items():
            below = f"{path}.{key}" if path else key
            yield f"{below} (key)", key
            yield from leaves(inner, below)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(cast(Sequence[Any], value)):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def from_json(value: object) -> Any:
    """The object or array that a text says in JSON, or None: it is no text, or other text."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None
