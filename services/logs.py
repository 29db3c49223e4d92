"""Structured logs: one JSON object a line, with the same ids on every hop.

Every line has `timestamp` (seconds since the epoch), `service`, `level` and `event`; the ids
`session_id`, `request_id`, `tool_call_id`, `callback_id` and `connection_id` are bound once
where they become known and then stand on every line of that work.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import cast

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars
from structlog.typing import EventDict, FilteringBoundLogger, Processor

__all__ = ["bind_contextvars", "bound_contextvars", "clear_contextvars", "configure", "get_logger"]


def _stamp(_: object, __: str, event: EventDict) -> EventDict:
    event["timestamp"] = round(time.time(), 6)
    return event


def configure(service: str, level: str = "INFO") -> None:
    """Send structlog and the standard library's logging to stdout as JSON lines.

    Args:
        service: the value of `service` on every line.
        level: a standard level name; unknown names mean INFO.
    """

    def name(_: object, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _stamp,
        name,
        structlog.processors.format_exc_info,
    ]
    threshold = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries tell what operators want only from WARNING up; botocore's DEBUG holds headers.
    root.setLevel(max(threshold, logging.WARNING))


def get_logger() -> FilteringBoundLogger:
    """The logger; its lines carry whatever ids are bound."""
    return cast(FilteringBoundLogger, structlog.get_logger())
