"""From nothing to the first answer, beside `django-admin check`."""

import os
import statistics
import subprocess
import sys
import time

import pytest
from django.conf import settings

from ..serving import collected_static, serve

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

RUNS = 3


def timed(*arguments: str, **variables: str) -> tuple[float, float]:
    """(seconds by the clock, processor seconds) of a command of Django's."""
    command = [sys.executable, "-m", "django", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(settings.BASE_DIR), **variables}
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=True, capture_output=True)
    took, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return took, spent


def first_answer() -> tuple[float, float]:
    """The same of gunicorn from its start to its first answer (and its end, which is short)."""
    before, began = os.times(), time.perf_counter()
    with serve("ntm_portal.wsgi"):
        took = time.perf_counter() - began
    after = os.times()
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def test_start_beside_check(tmp_path):
    collected_static()
    found = {"django-admin check": [], "migrate from empty (SQLite)": [], "start to first answer": []}
    for run in range(RUNS):
        empty = f"sqlite:///{tmp_path / f'empty-{run}.sqlite3'}"
        found["django-admin check"].append(timed("check", DATABASE_URL=empty))
        found["migrate from empty (SQLite)"].append(timed("migrate", "--verbosity", "0", DATABASE_URL=empty))
        found["start to first answer"].append(first_answer())
    medians = {
        name: [statistics.median(column) for column in zip(*pairs, strict=True)] for name, pairs in found.items()
    }
    base = medians["django-admin check"]
    print(f"\n{'':<34}{'all s':>10}{'CPU s':>10}{'all':>10}{'CPU':>10}")
    for name, (took, spent) in medians.items():
        print(f"{name:<34}{took:>10.2f}{spent:>10.2f}{took / base[0]:>8.2f} ×{spent / base[1]:>8.2f} ×")
