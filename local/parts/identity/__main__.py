"""`python -m local.parts.identity`"""

from __future__ import annotations

import os

import uvicorn

from local.config import LocalConfig
from local.parts.identity.application import Issuer
from local.parts.listening import claim, exit_on_signals
from services.logs import configure, get_logger


def main() -> None:
    configure("identity")
    config = LocalConfig.from_environment()
    listener = claim(config.port("identity"))
    # uvicorn stops serving at a signal and then raises it again: this is what it meets.
    exit_on_signals()
    application = Issuer(config, os.environ["DESKSIDE_MACHINE_SECRET"]).application()
    server = uvicorn.Server(
        uvicorn.Config(application, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    get_logger().info("started")
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
