"""Proving a copy: the code as it is printed and typed, the file's hash, and what the page answers to each."""

import hashlib
import re
import tempfile
from pathlib import Path

import pytest
import zxingcpp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image, ImageDraw

from communes import qr
from reports import genuine, verification
from reports.models import IssuedDocument, Notice
from reports.public_forms import HashedFile, HashingHandler

from . import factories

VERIFY = "/xac-minh/"
ADDRESS = "https://nongthonmoi.laichau.example.vn/xac-minh/"
HASH = "9a54355a2f2e5c1f64ed7ac7c575f04e486557305bc3f4bc460d26a99e90a9c4"
BAR = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")
BORDER, SCALE = 4, 3


# ---------------------------------------------------------------- the code as it is printed


def drawn(code) -> Image.Image:
    """The code as its path says, with the margin that a layout leaves."""
    side = (code.size + 2 * BORDER) * SCALE
    picture = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(picture)
    bars = BAR.findall(code.path)
    assert "".join(f"M{x} {y}h{n}v1h-{m}z" for x, y, n, m in bars) == code.path
    for x, y, length, _ in bars:
        left, top = (int(x) + BORDER) * SCALE, (int(y) + BORDER) * SCALE
        pen.rectangle((left, top, left + int(length) * SCALE - 1, top + SCALE - 1), fill=0)
    return picture


def test_code_is_read_back_as_address_and_hash():
    (read,) = zxingcpp.read_barcodes(drawn(verification.code_for(ADDRESS, HASH)))
    assert read.text == f"{ADDRESS}?ma={HASH}"
    assert read.ec_level == "M"


@pytest.mark.parametrize("address", ["http://a.vn/xac-minh/", ADDRESS, f"https://{'dai.' * 30}vn/xac-minh/"])
def test_code_is_read_with_an_eighth_of_it_soiled(address):
    code = verification.code_for(address, HASH)
    picture = drawn(code)
    side = picture.width
    # A blot away from the three corners by which a reader finds the code.
    ImageDraw.Draw(picture).ellipse((side * 0.55, side * 0.55, side * 0.75, side * 0.75), fill=255)
    (read,) = zxingcpp.read_barcodes(picture)
    assert read.text.endswith(HASH)


def test_same_address_and_hash_give_the_same_bytes():
    code = verification.code_for(ADDRESS, HASH)
    assert code == verification.code_for(ADDRESS, HASH)
    assert code.size == 45
    assert hashlib.sha256(code.path.encode()).hexdigest() == (
        "90d0dc067ad8f556d65d6c2f0ee2f5aa60abfd1c6948ae7b39c510441faf4dd3"
    )


def test_neighbours_in_a_row_are_one_bar():
    assert qr.path_of([[True, True, False, True], [False] * 4, [True] * 4]) == ("M0 0h2v1h-2zM3 0h1v1h-1zM0 2h4v1h-4z")


@pytest.mark.parametrize(("base", "address"), [("", ""), ("https://ntm.vn", "https://ntm.vn/xac-minh/")])
def test_address_is_that_of_the_settings_or_none(base, address, settings):
    settings.PUBLIC_BASE_URL = base
    assert verification.address() == address


# ---------------------------------------------------------------- the code as it is typed


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (HASH, HASH),
        (HASH.upper(), HASH),
        (f"  {HASH}\n", HASH),
        (f"SHA-256: {HASH}", HASH),
        (f"sha256:{HASH}", HASH),
        (f"{ADDRESS}?ma={HASH}", HASH),
        (f"?ma={HASH}&x=1", HASH),
        ("9a54 355a 2f2e 5c1f", HASH[:16]),
        ("9A54-355A-2F2E-5C1F", HASH[:16]),
        ("Mã dữ liệu: 9a54 355a 2f2e 5c1f", HASH[:16]),
        ("9a54355a2f2e5c1", None),
        (f"{HASH}0", None),
        ("9a54 355a 2f2e 5clf", None),
        ("", None),
        ("https://[", None),
        ("08/TB-ĐKT", None),
    ],
)
def test_codes_are_read_as_people_write_them(typed, code):
    assert verification.read_code(typed) == code


@given(some.text(max_size=200))
def test_whatever_is_typed_is_a_code_or_none(typed):
    code = verification.read_code(typed)
    assert code is None or re.fullmatch(r"[0-9a-f]{16,64}", code)


# ---------------------------------------------------------------- what is ours


@pytest.fixture
def scene(district):
    return factories.issued(district, failed={"Nậm Cần": (1,)}, number=8)


@pytest.fixture
def final(scene):
    return scene.notice.documents.get(rendition="final")


@pytest.mark.django_db
@pytest.mark.parametrize("rendition", ["accessible", "docx", "signed", "signed_blank"])
def test_every_stored_file_is_known_by_its_hash(rendition, scene, final):
    document = scene.notice.documents.filter(rendition=rendition).first() or factories.kept_as(scene.notice, rendition)
    found = genuine.find(document.sha256)
    assert (found.file.rendition, found.notice) == (rendition, scene.notice)
    assert found.is_published == (rendition != "signed_blank")
    assert found.facts_sha256 == final.facts_sha256


@pytest.mark.django_db
@pytest.mark.parametrize("digits", [64, 40, 16])
def test_code_of_the_facts_is_known_also_by_its_beginning(digits, scene, final):
    found = genuine.find(final.facts_sha256[:digits])
    assert (found.notice, found.file) == (scene.notice, None)


@pytest.mark.django_db
def test_neighbouring_hashes_are_not_known(final):
    start, last = final.facts_sha256[:15], int(final.facts_sha256[15], 16)
    for other in range(16):
        assert bool(genuine.find(f"{start}{other:x}")) == (other == last)


@pytest.mark.django_db
def test_file_of_a_notice_not_issued_is_unknown(scene, district, final):
    """A copy may be signed before it has a number; the notice may never be issued."""
    draft = factories.approved(district, names=("Hố Mít",)).notice
    document = IssuedDocument.objects.create(
        notice=draft, rendition="signed_blank", file="x.pdf", sha256="a" * 64, size=1, template_version="notice_v1",
        facts_sha256="b" * 64, journal_head="c" * 64, made_at=final.made_at,
    )  # fmt: skip
    assert genuine.find(document.sha256) is None
    assert genuine.find(document.facts_sha256) is None


@pytest.mark.django_db
def test_figures_to_compare_are_counts_means_and_shares(scene, final):
    assert dict(genuine.find(final.facts_sha256).figures) == {
        "Số xã trực tiếp": "02",
        "Số xã qua báo cáo": "00",
        f"Bình quân, {scene.world.round.units.first().criteria_set.short_name}": "2,50",
    }


# ---------------------------------------------------------------- what the page answers


def sent(client, data, name="thong-bao.pdf"):
    return client.post(VERIFY, {"tep": SimpleUploadedFile(name, data)})


def words_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.django_db
def test_issued_file_is_genuine_and_a_changed_one_is_not(client, final):
    data = final.file.read()
    final.file.close()
    answer = words_of(sent(client, data))
    assert "Đúng bản do cổng này phát hành" in answer
    assert "Tệp thong-bao.pdf giống từng byte với: Bản ban hành (PDF) của Thông báo số 08/TB-ĐKT." in answer
    for fact in ("08/TB-ĐKT", "Nguyễn Văn Thử", "Bình quân, ", "2,50", final.facts_sha256):
        assert fact in answer
    changed = bytes([*data[:5000], data[5000] ^ 1, *data[5001:]])
    answer = words_of(sent(client, changed))
    assert "Không phải bản do cổng này phát hành" in answer
    assert "08/TB-ĐKT" not in answer


@pytest.mark.django_db
def test_code_names_the_notice_and_asks_to_compare(client, final):
    answer = words_of(client.get(VERIFY, {"ma": final.facts_sha256[:16]}))
    assert "Mã đúng: có thông báo này" in answer
    assert "so từng dòng dưới đây với bản đang có" in answer
    assert "Không phải bản do cổng này phát hành" in words_of(client.get(VERIFY, {"ma": "0" * 64}))


@pytest.mark.django_db
def test_replaced_notice_is_genuine_but_replaced(client, district):
    old, new = factories.replaced(district)
    document = old.documents.get(rendition="final")
    answer = words_of(client.get(VERIFY, {"ma": document.sha256}))
    assert "Đúng bản đã phát hành, nhưng thông báo đã được thay thế" in answer
    assert f"{old} đã được thay thế bằng {new} ngày" in answer
    by_code = words_of(client.get(VERIFY, {"ma": document.facts_sha256}))
    assert "Mã đúng, nhưng thông báo này đã được thay thế" in by_code
    assert "Đúng bản" not in by_code


@pytest.mark.django_db
def test_file_signed_before_it_had_a_number_is_not_the_issued_one(client, scene):
    document = factories.kept_as(scene.notice, "signed_blank")
    answer = words_of(client.get(VERIFY, {"ma": document.sha256}))
    assert "Do cổng này phát hành, nhưng không phải bản ban hành" in answer
    assert "Bản đã ký, chưa ghi số (PDF)" in answer


@pytest.mark.django_db
def test_document_that_is_not_published_is_confirmed_without_a_link(client, scene, monkeypatch):
    monkeypatch.setattr("reports.models.kinds.public_codes", list)
    monkeypatch.setattr(Notice, "is_to_be_published", False)
    answer = client.get(VERIFY, {"ma": scene.notice.documents.get(rendition="final").sha256})
    assert "Đúng bản do cổng này phát hành" in words_of(answer)
    assert str(scene.notice.public_id) not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "said"), [("", "Nhập mã cần kiểm tra."), ("12", "Mã chưa đúng"), ("\x00", "Mã")])
def test_unreadable_code_is_told_at_the_field(typed, said, client):
    answer = client.get(VERIFY, {"ma": typed})
    assert said in words_of(answer)
    assert "Không phải bản" not in words_of(answer)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "said"), [(None, "Chọn tệp cần kiểm tra."), (b"", "Tệp này rỗng."), (b"x" * 2000, "Tệp lớn hơn 1 KB")]
)
def test_file_that_cannot_be_checked_is_told_at_the_field(data, said, client, settings):
    settings.EVIDENCE_MAX_BYTES = 1024
    answer = client.post(VERIFY) if data is None else sent(client, data)
    assert answer.status_code == 400
    assert said in words_of(answer)


@pytest.mark.django_db
def test_hopelessly_large_request_is_not_even_read(client, settings, monkeypatch):
    settings.EVIDENCE_MAX_BYTES = 1024
    read = []
    monkeypatch.setattr(HashingHandler, "receive_data_chunk", lambda self, data, start: read.append(data))
    answer = sent(client, b"x" * 5000)
    assert (answer.status_code, read) == (413, [])


@pytest.mark.django_db
def test_nothing_of_a_sent_file_is_kept(client, settings, monkeypatch, tmp_path):
    """Neither in a temporary file nor in memory: what the view gets has a hash and no bytes."""
    seen = []
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("reports.genuine.find", seen.append)
    data = b"%PDF" + b"0123456789" * 400_000
    answer = sent(client, data)
    assert seen == [hashlib.sha256(data).hexdigest()]
    assert list(tmp_path.iterdir()) == []
    assert not list(Path(settings.MEDIA_ROOT).rglob("*"))
    (file,) = answer.wsgi_request.FILES.getlist("tep")
    assert isinstance(file, HashedFile)
    assert not hasattr(file, "read")


@pytest.mark.django_db
def test_form_of_another_site_is_refused():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(VERIFY, {"tep": SimpleUploadedFile("a.pdf", b"x")})
    assert answer.status_code == 403
    strict.get(VERIFY)
    token = strict.cookies["csrftoken"].value
    answer = strict.post(VERIFY, {"csrfmiddlewaretoken": token, "tep": SimpleUploadedFile("a.pdf", b"x")})
    assert answer.status_code == 200


@pytest.mark.django_db
def test_answers_are_kept_by_nobody(client, final):
    assert "no-store" in client.get(VERIFY, {"ma": final.sha256})["Cache-Control"]


@pytest.mark.django_db
def test_sent_names_are_text(client):
    answer = sent(client, b"x", name="<img src=x onerror=alert(1)>.pdf")
    assert "<img src=x" not in answer.content.decode()
