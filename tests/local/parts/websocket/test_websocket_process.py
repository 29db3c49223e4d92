"""The WebSocket part as a process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.local.parts.processes import PartProcess, configured, until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_is_ready_tells_a_taken_port_and_stops_at_once(tmp_path: Path, number: int) -> None:
    with PartProcess("websocket", configured(tmp_path)) as part:
        assert until(lambda: part.health("management"), 10) == 200
        assert part.tells_a_taken_port()["level"] == "error"
        part.stops_at_once(number)
