"""The subset of JSON Schema that arguments are checked against."""

from __future__ import annotations

from typing import Any

import pytest

from local.parts import gateway


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": "string", "enum": ["x"]}}},
        {"type": "object", "additionalProperties": False},
        {"type": "array", "items": {"type": "null"}},
        {"properties": {}},
    ],
)
def test_schemas_beyond_the_subset_are_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(gateway.UnsupportedSchemaError):
        gateway.check_schema(schema)


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("integer", 1, True),
        ("integer", 1.0, True),
        ("integer", 1.5, False),
        ("integer", True, False),
        ("number", 1, True),
        ("boolean", False, True),
        ("string", None, False),
        ("array", ["x"], True),
        ("array", [1], False),
    ],
)
def test_json_types(kind: str, value: object, fits: bool) -> None:
    schema: dict[str, Any] = {"type": kind, "items": {"type": "string"}} if kind == "array" else {"type": kind}
    assert (gateway.argument_fault({"type": "object", "properties": {"a": schema}}, {"a": value}) is None) == fits
