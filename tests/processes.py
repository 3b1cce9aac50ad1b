"""The processes that print, found by the socket in their command."""

import os
from pathlib import Path

from reports import renderer


def printing() -> list[int]:
    """Those that print pages at the socket of the current settings; those for Word documents belong to them."""
    wanted = str(renderer.socket_path()).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"--serve" in words and wanted in words and os.getsid(int(entry.name)) == int(entry.name):
                found.append(int(entry.name))
    return found


def making_words(pages: int) -> int:
    """The process beside one that prints pages."""
    (words,) = Path(f"/proc/{pages}/task/{pages}/children").read_text().split()
    return int(words)
