"""What a client lets others see of its work: hops for a timeline and, on request, log lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, cast

import structlog
from structlog.typing import FilteringBoundLogger

OnHop = Callable[[str, dict[str, object]], None]
"""Called with `chat_sent`, `push_received`, `callback_sent`, `delta_received` (the first of a
turn), `answer_received`, `connected` or `disconnected`, and the ids that belong to it; with
`timestamp`, seconds since the epoch, where it began before it was known to have happened."""


def no_hop(_name: str, _fields: dict[str, object]) -> None:
    """The hook of a client nobody watches."""


def _drop(_logger: Any, _method: str, _event: Any) -> NoReturn:
    raise structlog.DropEvent


def silent_logger() -> FilteringBoundLogger:
    """A logger that writes nothing, whatever structlog is configured to do."""
    return cast(
        FilteringBoundLogger,
        structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[_drop],
            wrapper_class=structlog.make_filtering_bound_logger(0),
        ),
    )
