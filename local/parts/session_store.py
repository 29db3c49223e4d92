"""The store of conversations: a real Valkey or Redis where there is one, else a fake in Python.

The real server takes this process's place, so that there is one process to stop and none to
outlive it. It is told to keep nothing on disk: a stack starts empty.
"""

from __future__ import annotations

import os
import shutil
import threading

from local.config import HOST, LocalConfig
from local.parts.listening import claim, exit_on_signals
from services.logs import configure, get_logger

CHOICE_VARIABLE = "DESKSIDE_SESSION_STORE"
"""`fake` keeps to the fake even where a real server is installed."""

PACKET_BYTES = 1024 * 1024
"""How much the fake reads at once. Our own figure."""

SERVERS = ("valkey-server", "redis-server")
"""What is looked for on PATH, best first."""


def real_server() -> str | None:
    """The path of an installed server, unless the fake is asked for."""
    if os.environ.get(CHOICE_VARIABLE) == "fake":
        return None
    return next((path for name in SERVERS if (path := shutil.which(name))), None)


def arguments(port: int) -> list[str]:
    """A server's options: loopback only, nothing on disk, its own plain-text log left out of ours."""
    return [
        *("--bind", HOST, "--port", str(port)),
        *("--save", "", "--appendonly", "no", "--dir", "/"),
        *("--daemonize", "no", "--logfile", os.devnull),
    ]


def serve_fake(port: int) -> None:
    """Serve fakeredis until a signal."""
    # Before the import, so that a taken port is told at once.
    claim(port).close()
    from fakeredis import TcpFakeServer
    from fakeredis._clients._tcp_server import TCPFakeRequestHandler
    from redis.exceptions import ResponseError

    class Handler(TCPFakeRequestHandler):
        """Hands whole packets on and answers as soon as there is something to answer.

        fakeredis's own loop reads line by line on a non-blocking socket: a conversation of a few
        megabytes takes seconds to store, and a reply larger than the socket's buffer is cut off.
        """

        # Replies of a pipeline are small packets: with Nagle's algorithm each waits 40 ms for an ACK.
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            os.set_blocking(self.connection.fileno(), True)

        def handle(self) -> None:
            try:
                while data := self.connection.recv(PACKET_BYTES):
                    self.current_client.get_socket().sendall(data)
                    while self.current_client.can_read():
                        self.writer.dump(self._reply())
            except ConnectionError:
                return

        def _reply(self) -> object:
            try:
                return self.current_client.read_response()
            except ResponseError as error:
                return error

    server = TcpFakeServer((HOST, port), server_type="valkey")
    server.RequestHandlerClass = Handler
    # Threads of open connections must not hold the process when it is told to stop.
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    get_logger().info("started", server="fakeredis")
    threading.Event().wait()


def main() -> None:
    configure("session-store")
    port = LocalConfig.from_environment().port("session-store")
    server = real_server()
    if server is None:
        exit_on_signals()
        serve_fake(port)
        return
    # The server would only say in its own log that its port is taken.
    claim(port).close()
    get_logger().info("started", server=os.path.basename(server))  # noqa: PTH119
    os.execv(server, [server, *arguments(port)])  # noqa: S606


if __name__ == "__main__":
    main()
