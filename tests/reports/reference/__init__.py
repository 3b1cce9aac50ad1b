"""The notice of December 2024 as it was scanned, and how the composed one may differ from it, word by word.

notice_2024_scan.txt: the official document as it is, errors and all. differences.toml: each intended difference with
its reason. Any other difference is a fault, and so is an intended one that no longer occurs.
"""

import re
import tomllib
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

from reports.content import NoticeContent

FOLDER = Path(__file__).parent
SCAN = FOLDER / "notice_2024_scan.txt"
DIFFERENCES = FOLDER / "differences.toml"


def words(text: str) -> list[str]:
    """Words with their signs; marks for italics are no part of them."""
    return text.replace("*", "").split()


def scanned() -> list[str]:
    return words(SCAN.read_text(encoding="utf-8"))


def printed(content: NoticeContent) -> list[str]:
    """Every word of a notice in the order in which the scan has them: letterhead, text, recipients, signature."""
    said = [
        f"Số: {content.number_text}/{content.symbol}",
        f"{content.place}, ngày {content.day_text} tháng {content.month_text} năm {content.year}",
        content.kind,
        content.subject,
    ]
    for part in content.flow:
        said.append(part.heading)
        said += [f"- {block.text}" if block.kind == "dash" else block.text for block in part.blocks]
    said += ["Nơi nhận:", *content.recipient_lines]
    said += [*content.signature.authority, content.signature.post, content.signature.name]
    return words(" ".join(said))


def between(text: list[str]) -> list[str]:
    """The words from the first of the text to "./."."""
    end = next(place for place, word in enumerate(text) if word.endswith("./."))
    start = next(place for place in range(len(text)) if text[place : place + 3] == ["Thực", "hiện", "Kế"])
    return text[start : end + 1]


def differences(scan: list[str], ours: list[str]) -> Counter[tuple[str, str]]:
    """{(words of the scan, words of ours): how often} of all places where the two are not the same."""
    matcher = SequenceMatcher(None, scan, ours, autojunk=False)
    return Counter(
        (" ".join(scan[a:b]), " ".join(ours[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"
    )


def intended(*parts: str) -> Counter[tuple[str, str]]:
    """The differences that are meant; parts: "head" (number, day), "text", "end" (recipients, signature)."""
    rows = tomllib.loads(DIFFERENCES.read_text(encoding="utf-8"))["difference"]
    assert all(re.search(r"\w", row["why"]) for row in rows)
    return Counter({(row["scan"], row["ours"]): row.get("times", 1) for row in rows if row["part"] in parts})


def report(found: Counter[tuple[str, str]], meant: Counter[tuple[str, str]]) -> str:
    """Both directions in words; "" when they agree."""
    unmeant = [f"not intended: {scan!r} → {ours!r}" for scan, ours in (found - meant).elements()]
    gone = [f"no longer there: {scan!r} → {ours!r}" for scan, ours in (meant - found).elements()]
    return "\n".join(unmeant + gone)
