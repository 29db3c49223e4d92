"""The wire format `application/vnd.amazon.eventstream`.

A frame is: total length, headers length, CRC-32 of these eight bytes, headers, payload, CRC-32
of all before it; integers are big-endian. A header is: name length, name, type 7 (string),
value length in two bytes, value. (Source: botocore/eventstream.py, whose parser checks both CRCs.)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_STRING = 7


def event(kind: str, payload: Mapping[str, Any]) -> bytes:
    """A frame with one event of the stream."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, _json(payload))


def exception(kind: str, message: str) -> bytes:
    """A frame that ends the stream with a modelled exception, such as `modelStreamErrorException`."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, _json({"message": message}))


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    # 16 = 4 (total) + 4 (headers length) + 4 (prelude CRC) + 4 (message CRC)
    prelude = struct.pack("!II", len(encoded) + len(payload) + 16, len(encoded))
    body = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return body + struct.pack("!I", crc32(body))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text


def _json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
