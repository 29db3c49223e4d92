"""The start and the end of the functions part and of its workers."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from tests.local.parts.functions.endpoint import Endpoint, alive
from tests.local.parts.processes import until


def test_sigterm_ends_everything_at_once(tmp_path: Path, plain: Endpoint) -> None:
    def dropped() -> None:
        with contextlib.suppress(BotoCoreError):
            plain.invoke("wide", {"do": "sleep", "seconds": 8})

    threading.Thread(target=dropped).start()
    time.sleep(0.2)
    workers = plain.workers()
    assert len(workers) >= 4
    plain.stops_at_once(within=5.0)
    until(lambda: not any(alive(pid) for pid in workers), 1)
    assert not [line for line in plain.lines() if "exception" in line]


def test_processes_do_not_outlive_a_killed_parent(endpoint: Endpoint) -> None:
    workers = endpoint.workers()
    assert workers
    os.kill(endpoint.process.pid, signal.SIGKILL)
    endpoint.process.wait(5)
    until(lambda: not any(alive(pid) for pid in workers), 2)


@pytest.mark.parametrize("kind", ["", "plain"])
def test_a_handler_that_cannot_be_imported_ends_the_part(tmp_path: Path, kind: str) -> None:
    with Endpoint(tmp_path, "BROKEN", DESKSIDE_WORKER=kind) as broken:
        assert broken.process.wait(15) == 1
    (line,) = [line for line in broken.lines() if line.get("event") == "worker_failed_to_start"]
    assert (line["function"], line["error_type"]) == ("broken", "Runtime.ImportModuleError")
    assert "tests.local.parts.no_such_module" in line["error_message"]
