"""How a part takes its port: loopback only, and one clear line when somebody else has it."""

from __future__ import annotations

import contextlib
import errno
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from local.config import HOST
from services.logs import get_logger

PORT_IN_USE = 98
"""Exit status when the port is taken: EADDRINUSE's number on Linux, the same on every system."""

BACKLOG = 4096
"""Waiting connections; the kernel caps it. The usual 5 to 128 stall a burst of clients for seconds."""


def claim(port: int) -> socket.socket:
    """Listen on a loopback port, or say that it is taken and exit with status 98."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Without it a restart would have to sit out the old connections' TIME_WAIT.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise
        get_logger().error("port_in_use", port=port)
        sys.exit(PORT_IN_USE)
    return listener


def exit_on_signals(before: Callable[[], object] = lambda: None) -> None:
    """Make SIGTERM and SIGINT end the process with status 0; `before` runs first."""

    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        # A second signal while leaving must not turn into a traceback.
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError):
                signal.signal(number, signal.SIG_IGN)
        before()
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
