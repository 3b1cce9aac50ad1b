"""Check the journal: nothing altered, missing, inserted or cut off."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from communes import journal
from communes.journal import Break, Event


def read_anchor(path: Path) -> Iterator[tuple[str, int, str]]:
    """(chain, seq, hash) of each line of an anchor file; raises CommandError where a line says something else."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"Không đọc được tệp mốc {path}: {error}") from error
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            yield str(entry["chain"]), int(entry["seq"]), str(entry["hash"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(
                f'Tệp mốc {path}, dòng {place}: cần {{"chain": …, "seq": …, "hash": …}} trên một dòng.'
            ) from error


def check_anchor(chain: str, seq: int, expected: str) -> Break | None:
    """The break between an event as it was written down elsewhere and as the journal has it now."""
    found = Event.objects.filter(chain=chain, seq=seq).values_list("hash", flat=True).first()
    if found is None:
        return Break(chain, seq, "sự kiện có trong tệp mốc nhưng không còn trong nhật ký")
    if found != expected:
        return Break(chain, seq, "khác với tệp mốc: nhật ký đã bị viết lại")
    return None


class Command(BaseCommand):
    help = "Kiểm tra nhật ký: không sự kiện nào bị sửa, mất, chèn thêm hay cắt đuôi."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor",
            type=Path,
            metavar="TỆP",
            help="tệp JSON mỗi dòng một mốc (chain, seq, hash) giữ ở nơi khác, ví dụ mã băm in trên thông báo",
        )
        parser.add_argument("--write-anchor", type=Path, metavar="TỆP", help="ghi mốc hiện tại của mọi chuỗi ra tệp")

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = journal.verify()
        anchors = list(read_anchor(options["anchor"])) if options["anchor"] else []
        breaks += [found for anchor in anchors if (found := check_anchor(*anchor))]
        for found in breaks:
            self.stderr.write(f"{found.chain}, sự kiện số {found.seq}: {found.reason}")
        if breaks:
            self.stderr.write(f"Nhật ký KHÔNG nguyên vẹn: {len(breaks)} chỗ sai.")
            sys.exit(1)
        if options["write_anchor"]:
            write_anchor(options["write_anchor"])
        for line in told_of_others():
            self.stdout.write(line)
        checked = f", {len(anchors)} mốc khớp" if anchors else ""
        self.stdout.write(f"OK: {Event.objects.count()} sự kiện trong {len(journal.chain_names())} chuỗi{checked}.")


def told_of_others() -> Iterator[str]:
    """For each chain that was brought in: what was checked of it, and what cannot be checked here."""
    own = journal.key_id()
    for chain, data in sorted(journal.brought_in().items()):
        strange = sorted({row["key"] for row in data["keys"]} - {own})
        said = f"{chain}: {data['seq']} sự kiện nhập từ {data['from']}; thứ tự liền mạch, nội dung như lúc nhập"
        yield (
            f"{said}."
            if not strange
            else (
                f"{said}. Mã xác thực của nơi lập không kiểm tra được ở đây (khóa {', '.join(strange)} ở nơi đó); "
                f"đối chiếu đầu chuỗi {data['head']} với nơi lập nếu cần."
            )
        )


def write_anchor(path: Path) -> None:
    """One line per chain with its present head, in the form that `--anchor` reads."""
    heads = journal.ChainHead.objects.order_by("chain")
    lines = [json.dumps({"chain": it.chain, "seq": it.seq, "hash": it.hash}, ensure_ascii=False) for it in heads]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
