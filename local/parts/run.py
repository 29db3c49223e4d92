"""Runs one part as a process that cannot outlive its supervisor.

`python -m local.parts.run MODULE` is `python -m MODULE` with a watch on the parent: a supervisor
that is killed takes its parts with it, on Linux and macOS alike, with no help from the part.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

POLL_SECONDS = 0.5


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    # Whole group: the part may have children of its own.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> None:
    module = sys.argv[1]
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
