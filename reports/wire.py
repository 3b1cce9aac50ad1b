"""Frames between the portal and its renderer process: four bytes of length (big-endian), then as many bytes.

A request is JSON: {"layout", "html", "data"} to render, {"docx"} for a Word document of a content (itself JSON),
{"stop": true} to end the process. An answer begins with one byte: K (the file follows), E (an error message in
Vietnamese follows) or B (bye, nothing follows).
"""

import socket
import struct
from pathlib import Path

MAX_HTML_BYTES = 4 * 1024 * 1024
MAX_REQUEST_BYTES = 4 * MAX_HTML_BYTES
PDF, ERROR, BYE = b"K", b"E", b"B"


class TooLong(Exception):
    """The other side announces more than is read."""


def words_beside(path: Path) -> Path:
    """Socket of the process that makes Word documents, of the renderer at `path`."""
    return path.with_name(f"{path.stem}-word{path.suffix}")


def read_frame(stream: socket.socket, limit: int) -> bytes | None:
    """One frame, or None where the other side hung up. Raises TooLong beyond `limit` bytes."""
    head = _read(stream, 4)
    if head is None:
        return None
    (length,) = struct.unpack(">I", head)
    if length > limit:
        raise TooLong
    return _read(stream, length)


def write_frame(stream: socket.socket, payload: bytes) -> None:
    stream.sendall(struct.pack(">I", len(payload)) + payload)


def _read(stream: socket.socket, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = stream.recv(min(length - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
