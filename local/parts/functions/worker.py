"""What a function's process runs: AWS's own runtime client where it exists, a plain one elsewhere.

`python -m local.parts.functions.worker module.handler`, with AWS_LAMBDA_RUNTIME_API set.
awslambdaric has wheels for Linux only; DESKSIDE_WORKER=plain forces the other way there too.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import os
import signal
import sys
import threading

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl(2)."""


def die_with_parent() -> None:
    """End this process when the one that started it is gone, however that happened."""
    lifeline = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)

    def watch() -> None:
        with contextlib.suppress(OSError):
            os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
    if sys.platform == "linux":
        # Even while a handler holds the interpreter lock.
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def quicken_durable_sdk() -> None:
    """Shorten the durable SDK's stop poll where the configuration asks for it."""
    if seconds := os.environ.get("DESKSIDE_DURABLE_POLL_SECONDS"):
        state = importlib.import_module("aws_durable_execution_sdk_python.state")
        state._STOP_SIGNAL_POLL_SECONDS = float(seconds)  # type: ignore[attr-defined]


def main(handler: str) -> None:
    """Serve invocations until killed."""
    die_with_parent()
    quicken_durable_sdk()
    if os.environ.get("DESKSIDE_WORKER") != "plain" and importlib.util.find_spec("awslambdaric"):
        importlib.import_module("awslambdaric.__main__").main([sys.argv[0], handler])
    else:
        from local.parts.functions.plain_runtime import serve

        serve(handler)


if __name__ == "__main__":
    main(sys.argv[1])
