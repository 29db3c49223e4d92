"""A Valkey cluster of one node that answers what a client asks and keeps nothing."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

KEYED = (b"hget", b"hgetall")
"""Commands whose second word is a key. The client finds out by COMMAND, and knows EVAL's by itself."""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    commands: list[list[str]]


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(_Server, self.server)
        while command := _command(cast(BinaryIO, self.rfile)):
            server.commands.append(command)
            self.wfile.write(_answer(command, server.server_address[1]))


def _command(stream: BinaryIO) -> list[str]:
    try:
        count = int(stream.readline()[1:] or 0)
        return [stream.read(int(stream.readline()[1:]) + 2)[:-2].decode() for _ in range(count)]
    except ConnectionError:
        return []


def _answer(command: list[str], port: int) -> bytes:
    match [part.upper() for part in command]:
        case ["CLUSTER", "SLOTS"]:
            node = b"*3\r\n$9\r\n127.0.0.1\r\n:%d\r\n$2\r\nid\r\n" % port
            return b"*1\r\n*3\r\n:0\r\n:16383\r\n" + node
        case ["COMMAND", *_]:
            # Name, arity, flags, and which of the words are keys.
            keyed = b"".join(b"*6\r\n$%d\r\n%b\r\n:2\r\n*0\r\n:1\r\n:1\r\n:1\r\n" % (len(n), n) for n in KEYED)
            return b"*%d\r\n" % len(KEYED) + keyed
        case ["HGETALL", *_]:
            return b"*0\r\n"
        case ["HGET", *_]:
            return b"$-1\r\n"
        case ["EVAL", *_]:
            return b":1\r\n"
        case ["PING", *_]:
            return b"+PONG\r\n"
        case _:
            return b"+OK\r\n"


@contextmanager
def valkey_stub() -> Iterator[tuple[int, list[list[str]]]]:
    """Its port on loopback, and the commands that arrive, each as its words."""
    with _Server(("127.0.0.1", 0), _Connection) as server:
        server.commands = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1], server.commands
        server.shutdown()
        thread.join()
