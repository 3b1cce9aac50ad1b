"""A checker of printed notices that is not ours, to compare with: a script named by NOTICE_CHECKER.

Its `check(path, kind=…)` must give (rule, True | False | None, …) for each rule, as `decree30.check` does.
"""

import importlib.util
import os
import tempfile
from functools import cache
from types import ModuleType

from . import decree30

CHECKER = os.environ.get("NOTICE_CHECKER")


@cache
def _checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notice_checker", CHECKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def differences(pdf: bytes, kind: str) -> list[tuple[str, bool | None, bool | None]]:
    """(rule, what we say, what the other says) where the two do not agree."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        theirs = {name: holds for name, holds, *_ in _checker().check(file.name, kind=kind)}
    ours = {name: holds for name, holds, _ in decree30.check(pdf, kind)}
    names = list(dict.fromkeys([*ours, *theirs]))
    return [(name, ours.get(name), theirs.get(name)) for name in names if ours.get(name) != theirs.get(name)]
