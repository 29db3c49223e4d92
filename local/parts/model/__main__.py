"""`python -m local.parts.model`"""

from __future__ import annotations

from aiohttp import web

from local.config import LocalConfig
from local.parts.listening import BACKLOG, claim
from local.parts.model.server import ModelOptions, build_app
from services.logs import configure, get_logger

STOPPING_SECONDS = 0.1
"""What a running reply may still take when this part is stopped."""


def main() -> None:
    configure("model")
    listener = claim(LocalConfig.from_environment().port("model"))
    app = build_app(ModelOptions.from_environment())
    get_logger().info("started")
    web.run_app(app, sock=listener, backlog=BACKLOG, print=None, access_log=None, shutdown_timeout=STOPPING_SECONDS)


if __name__ == "__main__":
    main()
