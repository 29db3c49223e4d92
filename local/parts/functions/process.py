"""The part as a process: start everything, say when it is warm, stop at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from typing import NoReturn

from aiohttp import web

from local.config import HOST, LocalConfig
from local.parts.functions.durable import ClientContextRouting, DurableExecutions
from local.parts.functions.front import Front
from local.parts.functions.runtime_api import RuntimeApi
from local.parts.functions.table import FUNCTIONS, Function
from local.parts.functions.workers import Pool, StartupError
from services.logs import configure, get_logger

BACKLOG = 4096
"""Connections that may wait to be accepted: hundreds of callers start at the same moment."""


async def serve(config: LocalConfig, functions: Iterable[Function] = FUNCTIONS) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    loop = asyncio.get_running_loop()
    stopped = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: stopped.done() or stopped.set_result(0))
    api = RuntimeApi()
    await api.start()
    pools = {function: Pool(function, config, api) for function in functions}
    durable = DurableExecutions(pools.__getitem__, ClientContextRouting.from_environment())
    front = Front(pools, durable)
    runner = web.AppRunner(front.application(), access_log=None, keepalive_timeout=3600)
    await runner.setup()
    await web.TCPSite(runner, HOST, config.port("functions"), backlog=BACKLOG).start()
    try:
        for pool in pools.values():
            pool.start()
        warm = asyncio.gather(*(pool.ready for pool in pools.values()))
        await asyncio.wait({warm, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            warm.result()
            front.healthy = True
            get_logger().info("ready", port=config.port("functions"), functions=[function.name for function in pools])
        return await stopped
    except StartupError as error:
        get_logger().error(
            "worker_failed_to_start",
            function=error.function.name,
            handler=error.function.handler,
            error_type=error.kind,
            error_message=error.message,
        )
        return 1
    finally:
        for pool in pools.values():
            pool.stop()


def run(config: LocalConfig, functions: Iterable[Function] = FUNCTIONS) -> NoReturn:
    """Run the part in this process and exit."""
    configure("functions")
    code = asyncio.new_event_loop().run_until_complete(serve(config, functions))
    sys.stdout.flush()
    # The processes are killed and nothing here outlives us: no orderly end of requests, which would
    # only delay it. A process caught between start and registration ends as its stdin closes.
    os._exit(code)
