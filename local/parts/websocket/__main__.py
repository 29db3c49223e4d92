"""`python -m local.parts.websocket`"""

from __future__ import annotations

import asyncio

from local.config import LocalConfig
from local.parts.listening import claim
from local.parts.websocket.limits import Limits
from local.parts.websocket.serving import serve_until_stopped
from services.logs import configure


def main() -> None:
    configure("websocket")
    config = LocalConfig.from_environment()
    data, management = claim(config.port("websocket")), claim(config.port("management"))
    asyncio.run(serve_until_stopped(Limits.of(config), config.url("functions"), data, management))


if __name__ == "__main__":
    main()
