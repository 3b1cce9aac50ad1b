"""Waiting for what happens in another process or in a browser's own time."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Ask until `condition()` holds; AssertionError when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    # Not asked again once it held: by then it may be the next state already.
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert holds
