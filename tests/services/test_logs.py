"""The JSON logs."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest

from services.logs import bind_contextvars, bound_contextvars, clear_contextvars, configure, get_logger


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure("ws-manager")
    before = time.time()
    get_logger().info("connected", owner="älice\n🙂", count=2)
    [line] = lines(capsys)
    assert before - 1 <= line.pop("timestamp") <= time.time() + 1
    assert line == {
        "service": "ws-manager",
        "level": "info",
        "event": "connected",
        "owner": "älice\n🙂",
        "count": 2,
    }


def test_bound_ids_stand_on_every_line_until_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    configure("x")
    bind_contextvars(session_id="s", request_id="r")
    get_logger().info("one")
    with bound_contextvars(callback_id="c"):
        get_logger().info("two")
    get_logger().info("three")
    clear_contextvars()
    get_logger().info("four")
    ids = ("session_id", "request_id", "callback_id")
    assert [tuple(line.get(name) for name in ids) for line in lines(capsys)] == [
        ("s", "r", None),
        ("s", "r", "c"),
        ("s", "r", None),
        (None, None, None),
    ]


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("loud", ["info", "warning", "error"]),
    ],
)
def test_levels(capsys: pytest.CaptureFixture[str], level: str, heard: list[str]) -> None:
    configure("x", level)
    logger = get_logger()
    logger.debug("e")
    logger.info("e")
    logger.warning("e")
    logger.error("e")
    assert [line["level"] for line in lines(capsys)] == heard


def test_an_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("x")
    try:
        raise KeyError("why")
    except KeyError:
        get_logger().exception("route_failed")
    [line] = lines(capsys)
    assert line["level"] == "error"
    assert "KeyError: 'why'" in line["exception"]


def test_libraries_are_heard_from_warning_up_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure("x", "DEBUG")
    bind_contextvars(session_id="s")
    library = logging.getLogger("botocore.parsers")
    library.debug("Response headers: %s", {"Authorization": "secret"})
    library.info("Found credentials")
    library.warning("Connection pool is full: %s", "x")
    [line] = lines(capsys)
    assert line.pop("timestamp")
    assert line == {
        "service": "x",
        "level": "warning",
        "logger": "botocore.parsers",
        "event": "Connection pool is full: x",
        "session_id": "s",
    }


def test_configuring_twice_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure("a")
    configure("b")
    get_logger().info("one")
    logging.getLogger("lib").warning("two")
    assert [(line["service"], line["event"]) for line in lines(capsys)] == [("b", "one"), ("b", "two")]


def test_values_json_does_not_know_are_written_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure("x")
    get_logger().info("odd", value={1}, raw=b"\x00")
    [line] = lines(capsys)
    assert (line["value"], line["raw"]) == ("{1}", "b'\\x00'")
