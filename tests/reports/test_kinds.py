"""Kinds of documents are data: what is supplied is sound, what is wrong is named, and a new one needs no code."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from communes import clock
from communes.models import Authority
from communes.permissions import Permission
from reports import apps, checks, kinds, services, telling
from reports.compose import Composition
from reports.models import Notice

from . import factories

TOML = """
name = "Tờ trình"
choice = "Tờ trình về kết quả kiểm tra"
subject = "Đề nghị xem xét {nội dung kiểm tra}"
symbol = "TTr"
symbol_tail_field = "notice_symbol"
scope = "round"
letterhead = "agency"
composed_by = "notice.compose"
required = ["mở đầu", "kết thúc"]

[signer]
who = "head"
authority = "KT. CHỦ TỊCH"

[recipients]
all = ["UBND tỉnh", "Lưu: VT"]
"""
OUTLINE = """
= mở đầu
? Căn cứ {báo cáo}, {tên cơ quan} trình UBND tỉnh kết quả kiểm tra năm {năm} như sau:
: {tên cơ quan} trình UBND tỉnh kết quả kiểm tra năm {năm} như sau:
# KẾT QUẢ
@ bảng kết quả
# TỒN TẠI
@ tiêu chí chưa đạt
! - Không có tiêu chí nào chưa đạt.
= kết thúc
Kính trình UBND tỉnh xem xét.
"""


@pytest.fixture
def own_kinds(settings, tmp_path):
    """`own_kinds(toml, outline)`: a kind of the authority's own, in a folder beside those supplied."""
    settings.KINDS_DIR = str(tmp_path / "kinds")

    def put(toml=TOML, outline=OUTLINE, code="to-trinh") -> Path:
        folder = tmp_path / "kinds" / code
        folder.mkdir(parents=True)
        (folder / "kind.toml").write_text(toml, encoding="utf-8")
        (folder / "outline.txt").write_text(outline, encoding="utf-8")
        return folder

    return put


# ---------------------------------------------------------------- what is supplied


def test_supplied_kinds_are_sound():
    assert list(kinds.every()) == ["thong-bao", "bao-cao", "bien-ban"]
    assert [fault for kind in kinds.every().values() for fault in telling.faults(kind)] == []
    assert apps.kinds_are_sound() == []


def test_only_the_notice_is_public_and_locks_what_it_states():
    assert kinds.public_codes() == ["thong-bao"]
    assert [kind.code for kind in kinds.every().values() if kind.locks_dossiers] == ["thong-bao"]
    assert kinds.of("bien-ban").needs is Permission.DOSSIER_REVIEW


@pytest.mark.parametrize(
    ("code", "own", "symbol"),
    [
        ("thong-bao", "TB-ĐKT", "TB-ĐKT"),
        ("thong-bao", "", "TB"),
        ("bao-cao", "TB-ĐKT", "BC-ĐKT"),
        ("bien-ban", "TBKL-ĐKT", "BB-ĐKT"),
        ("bien-ban", "", "BB"),
    ],
)
def test_symbol_follows_that_of_the_authority(code, own, symbol):
    assert kinds.of(code).symbol_of(Authority(notice_symbol=own)) == symbol


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Tờ trình"', "name = ", "không đọc được"),
        ('name = "Tờ trình"', "", "thiếu name"),
        ('symbol = "TTr"', "symbol = 7", "symbol phải là chữ"),
        ('symbol = "TTr"', 'symbol = "TTr"\nsymbols = "x"', "không có mục tên symbols"),
        ('scope = "round"', 'scope = "year"', "scope = “year” không dùng được; chọn một trong: round, inspection"),
        ('"notice.compose"', '"notice.issue"', "composed_by = “notice.issue” không dùng được"),
        ('"notice_symbol"', '"notice_sign"', "không phải cột của cơ quan"),
        ('who = "head"', 'who = "nobody"', "who = “nobody” không dùng được; chọn một trong: head, secretary, commune"),
        ('who = "head"', "", "[signer] phải có who và authority"),
        ("all = [", "village = [", "[recipients] chỉ có"),
        ('"Lưu: VT"]', "7]", "recipients.all phải là danh sách"),
        ('required = ["mở đầu", "kết thúc"]', "is_public = 1", "is_public phải là true hoặc false"),
    ],
)
def test_wrong_file_is_named_with_the_way_out(own_kinds, old, new, words):
    assert old in TOML
    folder = own_kinds(TOML.replace(old, new, 1))
    with pytest.raises(kinds.BadKind) as caught:
        kinds.every()
    assert str(folder / "kind.toml") in str(caught.value)
    assert words in str(caught.value)


def test_folder_without_an_outline_or_that_is_not_there_is_named(own_kinds, settings, tmp_path):
    (own_kinds() / "outline.txt").unlink()
    with pytest.raises(kinds.BadKind, match=r"outline\.txt: không đọc được"):
        kinds.every()
    settings.KINDS_DIR = str(tmp_path / "khong-co")
    with pytest.raises(kinds.BadKind, match="KINDS_DIR"):
        kinds.every()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("@ bảng kết quả", "@ bảng kết", "không có khối “bảng kết”"),
        ("{năm}", "{năm nay}", "không có số liệu tên {năm nay}"),
        ("# KẾT QUẢ", "= kết quả", "dòng “kết quả” không đặt được"),
        ("= kết thúc", "# KẾT THÚC", "thiếu phần “= kết thúc”"),
    ],
)
def test_outline_that_asks_for_what_is_not_there_is_told(own_kinds, old, new, words):
    assert old in OUTLINE
    own_kinds(outline=OUTLINE.replace(old, new))
    (fault, *_) = telling.faults(kinds.of("to-trinh"))
    assert words in fault
    assert [error.msg for error in apps.kinds_are_sound()][:1] == [fault]


@pytest.mark.django_db
def test_check_portal_tells_of_it(own_kinds):
    own_kinds(outline=OUTLINE.replace("{năm}", "{năm nay}"))
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_portal", stdout=out)
    assert "không có số liệu tên {năm nay}" in out.getvalue()


def test_unknown_code_is_told():
    with pytest.raises(kinds.BadKind, match="Không có mẫu văn bản “cong-van”"):
        kinds.of("cong-van")


# ---------------------------------------------------------------- a new kind


@pytest.mark.django_db
def test_new_kind_is_composed_checked_approved_issued_and_printed_without_code(
    district, own_kinds, client, printed, text_of
):
    own_kinds()
    world, _ = factories.concluded_round(district, failed={"Nậm Cần": (2,)})
    client.force_login(world.coordinator)
    assert "Tờ trình về kết quả kiểm tra" in client.get(reverse("reports:notice-list")).content.decode()
    client.post(reverse("reports:notice-create"), {"kind": "to-trinh", "round": world.round.pk})
    notice = Notice.objects.with_context().get(kind_code="to-trinh")
    composition = Composition(notice)
    assert [str(found) for found in checks.findings(composition)] == []
    text = text_of(printed(composition.content()))
    assert "TỜ TRÌNH" in text
    assert f"{district.name} trình UBND tỉnh kết quả kiểm tra" in text
    assert "các tiêu chí có nhiều xã chưa đạt nhất là: Giao thông (01/2 xã)." in text
    assert "Kính trình UBND tỉnh xem xét./." in text
    services.approve_notice(notice, version=notice.version, by=world.head)
    services.issue_notice(notice, on=clock.today(), by=world.coordinator)
    assert str(Notice.objects.get(pk=notice.pk)).startswith("Tờ trình số 01/TTr")
    assert not Notice.objects.public().exists()
    assert not world.round.dossiers.exclude(locked_by_notice="").exists()
