"""How the portal and the signing process speak: one JSON text with the lengths of the byte strings that follow it."""

import json
import struct
from typing import Any


def pack(data: dict[str, Any], *blobs: bytes) -> bytes:
    head = json.dumps({"data": data, "sizes": [len(blob) for blob in blobs]}, ensure_ascii=False).encode()
    return b"".join((struct.pack(">I", len(head)), head, *blobs))


def unpack(message: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """(data, byte strings) as they were packed. Raises ValueError for a message that was cut."""
    if len(message) < 4:
        raise ValueError("no message")
    (length,) = struct.unpack(">I", message[:4])
    head = json.loads(message[4 : 4 + length])
    blobs, place = [], 4 + length
    for size in head["sizes"]:
        blobs.append(message[place : place + size])
        place += size
    if place != len(message):
        raise ValueError("message cut short")
    return head["data"], blobs
