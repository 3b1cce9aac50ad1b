"""An SQLite database with all migrations applied: made once for the code as it stands, then copied.

Migrating takes half a minute, and every worker of every stage needs a database of its own.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT_IN = ROOT / ".pytest_cache" / "migrated"
APPS = ("communes", "criteria", "inspections", "reports", "ntm_portal")


def copy_to(target: Path) -> None:
    """Put a migrated database there; whoever comes first makes it, others wait for it."""
    KEPT_IN.mkdir(parents=True, exist_ok=True)
    made = KEPT_IN / f"{_key()}.sqlite3"
    with (KEPT_IN / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            for old in KEPT_IN.glob("*.sqlite3*"):
                old.unlink()
            _make(made)
        shutil.copyfile(made, target)


def _key() -> str:
    """Changes with anything that a migration may read: code, data that is loaded, and the packages."""
    found = hashlib.sha256(sys.version.encode())
    files = (path for app in APPS for path in (ROOT / app).rglob("*") if path.is_file())
    read = (path for path in files if not {"static", "__pycache__"} & set(path.parts))
    for path in sorted([*read, ROOT / "requirements.txt"]):
        found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _make(made: Path) -> None:
    part = made.with_suffix(".sqlite3-part")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{part}"},
        check=True,
    )
    part.rename(made)
