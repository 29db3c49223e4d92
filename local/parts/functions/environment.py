"""The environment of a function's process: what Lambda sets, the service's settings, nothing secret."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local.config import LocalConfig
from local.parts.calls import credentials
from local.parts.functions.table import Function

ROOT = Path(__file__).resolve().parents[3]
"""The repository; on Lambda, the unpacked deployment package."""

INHERITED = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "DESKSIDE_WORKER", "PYTHONPYCACHEPREFIX")
"""All that is taken over from this process, besides LC_*. A list of what may pass, not of what
may not: the machine's own credentials and proxies then cannot reach a handler."""

POLL_VARIABLE = "DESKSIDE_DURABLE_POLL_SECONDS"
QUICK_POLL_SECONDS = "0.005"
"""The durable SDK's stop poll is 0.1 s, a wait at the end of every invocation; 5 ms hides it."""


def function_environment(config: LocalConfig, function: Function, address: str, log_stream: str) -> dict[str, str]:
    """The environment one process of a function starts with.

    Args:
        config: the stack.
        function: whose process it is.
        address: `host:port` of its Runtime API.
        log_stream: the name its context reports.
    """
    inherited = {name: value for name, value in os.environ.items() if name in INHERITED or name.startswith("LC_")}
    settings = config.service_environment(function.settings) if function.settings else {}
    quick = {POLL_VARIABLE: QUICK_POLL_SECONDS} if function.durable and not config.honest_poll else {}
    return {
        **inherited,
        **config.aws_environment(),
        **credentials(function.name),
        **settings,
        **quick,
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "LAMBDA_TASK_ROOT": str(ROOT),
        "PYTHONPATH": str(ROOT),
        "_HANDLER": function.handler,
    }
