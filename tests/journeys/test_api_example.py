"""The API's example in the README, word for word against the demonstration; and its page in a browser."""

import json
import re
import shutil
import subprocess

import pytest
from django.conf import settings

from . import demo_site

pytestmark = pytest.mark.journey


def example() -> str:
    """The first indented block after the paragraph on the API."""
    text = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    after = text.partition("**API.**")[2]
    return "\n".join(line[4:] for line in re.search(r"(?m)(^    .*\n)+", after)[0].splitlines())


# Beside the others that load the demonstration: to load it takes a minute and a half.
@pytest.mark.long
def test_example_of_the_readme_leads_from_a_round_to_its_notice(demo_files, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("no curl: apt-get install curl")
    commands, work = example(), tmp_path / "work"
    work.mkdir()
    assert "http://127.0.0.1:8000" in commands
    with demo_site.served(demo_site.copied(demo_files, tmp_path / "demonstration")) as server:
        script = f"set -euo pipefail\n{commands.replace('http://127.0.0.1:8000', server.url)}\n"
        subprocess.run(["bash", "-c", script], cwd=work, check=True, timeout=60)
    figures = json.loads((work / "figures.json").read_text())
    means = {row["set_code"]: row["mean"] for row in figures["sets"]}
    matrix = json.loads((work / "matrix.json").read_text())
    # The matrix names its units by the alphabet, figures in the order of the round.
    parts = ("value", "numerator", "denominator")
    assert [matrix["mean"][part] for part in parts] == [means["xa-ntm"][part] for part in parts]
    assert sorted(matrix["mean"]["units"]) == sorted(means["xa-ntm"]["units"])
    assert len(matrix["rows"]) == means["xa-ntm"]["denominator"]
    assert (work / "thong-bao.pdf").read_bytes().startswith(b"%PDF")
    assert json.loads((work / "recommendations.json").read_text())["count"] > 0


def test_page_of_the_api_shows_an_operation(page, live_server, assert_accessible):
    """Under the policy of all pages: the fixture `page` fails on anything that the browser complains about."""
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.get_by_text("Nộp hồ sơ POST").click()
    assert page.get_by_text("accept_missing").is_visible()
    assert_accessible()
