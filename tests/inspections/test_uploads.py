"""Files in pieces: each header and error of tus 1.0.0, whose they are, and what becomes of them."""

import base64
import hashlib
import os
import threading
import time
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image

from communes import clock
from communes.permissions import Role
from inspections import incoming, services
from inspections.models import Evidence, EvidenceLink, Upload
from inspections.services import uploads as service

from ..factories import MembershipFactory, person
from . import factories as make
from .test_evidence_rules import bomb_png

pytestmark = pytest.mark.django_db
NEW = "/tai-len/"
BYTES = "application/offset+octet-stream"


@pytest.fixture
def world(district, commune, neighbour_commune):
    return make.open_round(district, communes=[commune, neighbour_commune])


@pytest.fixture
def dossier(world, commune):
    return world.dossier_of(commune)


@pytest.fixture
def at(client):
    """`at(officer)`: that person's browser."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def metadata(**values):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def begin(client, length, name="báo cáo.pdf", **more):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": metadata(filename=name)}
    return client.post(NEW, headers={**headers, **more})


def send(client, address, offset, content, **more):
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **more}
    # The test client leaves the type of an empty body out.
    return client.patch(address, content, content_type=BYTES, headers=headers, CONTENT_TYPE=BYTES)


def ask(client, address):
    return client.head(address, headers={"Tus-Resumable": "1.0.0"})


def stored_files(settings):
    return [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()]


def sent_whole(client, content, name="báo cáo.pdf", **more):
    address = begin(client, len(content), name, **more)["Location"]
    assert send(client, address, 0, content).status_code == 204
    return address


def form_of(dossier, code="2.1"):
    row = make.assessment_of(dossier, code)
    return reverse("inspections:evidence-upload", args=[dossier.pk, row.criterion.number]), row


def finish(client, dossier, address="", *, code="2.1", **fields):
    """Send the form as the script does when all bytes are there."""
    url, row = form_of(dossier, code)
    key = {"upload": address.strip("/").rpartition("/")[2]} if address else {}
    return client.post(url, {"assessments": [row.pk], **key, **fields}, headers={"Accept": "application/json"})


# ---------------------------------------------------------------- creation


def test_options_tell_the_version_the_extensions_and_the_limit(at, officer, settings):
    answer = at(officer).options(NEW)
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Extension"] == "creation,termination,expiration"
    assert answer["Tus-Max-Size"] == str(settings.EVIDENCE_MAX_BYTES)


def test_begun_upload_has_an_address_of_its_own_and_nothing_in_it(at, officer, commune):
    answer = begin(at(officer), 10)
    upload = Upload.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"/tai-len/{upload.key}/"
    assert answer["Tus-Resumable"] == "1.0.0"
    assert answer["Upload-Expires"].endswith("GMT")
    assert (upload.user, upload.commune, upload.name, upload.length) == (officer, commune, "báo cáo.pdf", 10)
    assert services.arrived(upload) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Tus-Resumable": ""}, 412),
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "mười"}, 400),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Metadata": "filename !!!"}, 400),
        ({"Upload-Metadata": "filename /w=="}, 400),
        ({"Upload-Metadata": ""}, 400),
        ({"Upload-Metadata": metadata(filename="a.exe")}, 400),
        ({"Upload-Metadata": "a " + "QUFB" * 1000}, 400),
    ],
)
def test_wrong_beginning_is_refused_and_leaves_nothing(at, officer, settings, headers, status):
    answer = begin(at(officer), 10, **headers)
    assert answer.status_code == status
    assert answer["Tus-Resumable"] == "1.0.0"
    assert not Upload.objects.exists()
    assert stored_files(settings) == []


def test_wrong_version_is_told_the_right_one(at, officer):
    assert begin(at(officer), 10, **{"Tus-Resumable": "0.2.2"})["Tus-Version"] == "1.0.0"


def test_file_beyond_the_limit_is_refused_before_its_first_byte(at, officer, settings):
    answer = begin(at(officer), settings.EVIDENCE_MAX_BYTES + 1)
    assert answer.status_code == 413
    assert "lớn hơn 25 MB" in answer.json()["error"]


def test_one_person_has_only_so_many_files_on_their_way(at, officer, commune, monkeypatch):
    monkeypatch.setattr(service, "MOST_OPEN", 2)
    client = at(officer)
    first = begin(client, 10)["Location"]
    begin(client, 10)
    answer = begin(client, 10)
    assert answer.status_code == 429
    assert "2 tệp" in answer.json()["error"]
    client.delete(first, headers={"Tus-Resumable": "1.0.0"})
    assert begin(client, 10).status_code == 201
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    assert begin(at(colleague), 10).status_code == 201


def test_full_disk_is_said_and_leaves_no_row(at, officer, monkeypatch):
    def full(key):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(incoming, "create", full)
    answer = begin(at(officer), 10)
    assert answer.status_code == 507
    assert not Upload.objects.exists()


def test_forged_request_is_refused(officer):
    client = Client(enforce_csrf_checks=True)
    client.force_login(officer)
    assert begin(client, 10).status_code == 403
    override = {"X-HTTP-Method-Override": "DELETE", "Tus-Resumable": "1.0.0"}
    assert client.get(NEW, headers=override).status_code == 200
    token = client.get("/minh-chung/tai-len/").cookies["csrftoken"].value
    address = begin(client, 10, **{"X-CSRFToken": token})["Location"]
    assert send(client, address, 0, b"a").status_code == 403
    assert send(client, address, 0, b"a", **{"X-CSRFToken": token}).status_code == 204


# ---------------------------------------------------------------- pieces


def test_pieces_add_up_and_the_offset_is_what_is_there(at, officer):
    client = at(officer)
    address = begin(client, 10)["Location"]
    assert send(client, address, 0, b"01234")["Upload-Offset"] == "5"
    answer = ask(client, address)
    assert (answer.status_code, answer["Upload-Offset"], answer["Upload-Length"]) == (200, "5", "10")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Upload-Metadata"] == metadata(filename="báo cáo.pdf")
    assert send(client, address, 5, b"56789")["Upload-Offset"] == "10"
    assert incoming.path_of(Upload.objects.get().key).read_bytes() == b"0123456789"


@pytest.mark.parametrize("offset", [0, 4, 6, 10])
def test_piece_at_the_wrong_place_is_refused_with_the_right_one(at, officer, offset):
    client = at(officer)
    address = begin(client, 10)["Location"]
    send(client, address, 0, b"01234")
    answer = send(client, address, offset, b"" if offset == 10 else b"x")
    assert (answer.status_code, answer["Upload-Offset"]) == (409, "5")
    assert incoming.path_of(Upload.objects.get().key).read_bytes() == b"01234"


@pytest.mark.parametrize(
    ("headers", "kind", "status"),
    [
        ({"Tus-Resumable": ""}, BYTES, 412),
        ({"Upload-Offset": ""}, BYTES, 400),
        ({"Upload-Offset": "-5"}, BYTES, 400),
        ({}, "application/octet-stream", 415),
        ({"Upload-Offset": "8"}, BYTES, 413),
    ],
)
def test_wrong_piece_is_refused_and_adds_nothing(at, officer, headers, kind, status):
    client = at(officer)
    address = begin(client, 10)["Location"]
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", **headers}
    assert client.patch(address, b"0123456", content_type=kind, headers=sent).status_code == status
    assert ask(client, address)["Upload-Offset"] == "0"


def test_piece_of_unknown_length_is_refused(at, officer):
    client = at(officer)
    address = begin(client, 10)["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    assert client.patch(address, b"012", content_type=BYTES, headers=headers).status_code == 411


def test_line_lost_in_the_middle_keeps_what_came(at, officer, dossier, monkeypatch):
    """The body breaks off: what was read before is on the disk, and the sender goes on there."""
    client, content = at(officer), make.pdf_bytes() + b"\n" * (3 * incoming.PIECE) + b"%%EOF\n"
    address = begin(client, len(content))["Location"]
    upload = Upload.objects.get()
    pieces = iter([content[: incoming.PIECE], content[incoming.PIECE : incoming.PIECE + 100]])

    def broken(size):
        piece = next(pieces, None)
        if piece is None:
            raise OSError("connection reset")
        return piece

    with pytest.raises(OSError, match="reset"):
        services.receive(upload, 0, broken)
    offset = int(ask(client, address)["Upload-Offset"])
    assert offset == incoming.PIECE + 100
    assert send(client, address, offset, content[offset:]).status_code == 204
    answer = finish(client, dossier, address)
    assert answer.status_code == 200
    assert Evidence.objects.get().sha256 == hashlib.sha256(content).hexdigest()


def test_killed_in_the_middle_of_writing_goes_on_from_what_is_on_the_disk(at, officer):
    """The process dies between two writes, part of a piece written: no row says otherwise, so none can be wrong."""
    client = at(officer)
    address = begin(client, 10)["Location"]
    child = os.fork()
    if not child:
        with incoming.path_of(Upload.objects.get().key).open("ab", buffering=0) as file:
            file.write(b"012")
            os._exit(9)
    os.waitpid(child, 0)
    assert ask(client, address)["Upload-Offset"] == "3"
    assert send(client, address, 3, b"3456789").status_code == 204


def test_two_senders_at_once_never_mix_their_bytes(officer, commune):
    """Of two requests at the same place one goes on, the other is told where; together they make one file."""
    content = os.urandom(40 * incoming.PIECE)
    upload = services.start_upload(commune, name="a.pdf", length=len(content), by=officer)
    ends, barrier = [], threading.Barrier(2)

    def sender():
        stream = BytesIO(content)

        def slowly(size):
            time.sleep(0.001)
            return stream.read(size)

        barrier.wait()
        try:
            ends.append(incoming.append(upload.key, 0, len(content), slowly))
        except incoming.WrongOffset as wrong:
            ends.append(wrong)

    threads = [threading.Thread(target=sender) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert incoming.path_of(upload.key).read_bytes() == content
    assert sum(isinstance(end, incoming.WrongOffset) for end in ends) == 1


def test_two_senders_mix_their_bytes_without_the_comparison(officer, commune, monkeypatch):
    """The test above can fail."""
    content = os.urandom(40 * incoming.PIECE)
    upload = services.start_upload(commune, name="a.pdf", length=len(content), by=officer)

    def careless(file, at, piece):
        file.seek(0, os.SEEK_END)
        file.write(piece)
        file.flush()

    monkeypatch.setattr(incoming, "_write", careless)
    for _ in range(2):
        incoming.append(upload.key, 0, len(content), BytesIO(content).read)
    assert incoming.path_of(upload.key).read_bytes() != content


def test_method_may_be_named_in_a_header_of_a_post(at, officer):
    client = at(officer)
    address = begin(client, 3)["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert client.post(address, b"abc", content_type=BYTES, headers=headers)["Upload-Offset"] == "3"
    assert client.post(address, headers={"Tus-Resumable": "1.0.0"}).status_code == 405
    # Of a GET, which is sent without a token, the header means nothing.
    assert client.get(address, headers={**headers, "X-HTTP-Method-Override": "DELETE"}).status_code == 405
    assert Upload.objects.exists()


# ---------------------------------------------------------------- whose it is


def test_upload_of_somebody_else_is_not_found(at, officer, commune, neighbour):
    address = begin(at(officer), 10)["Location"]
    for other in (person(Role.COMMUNE_OFFICER, commune=commune), neighbour):
        client = at(other)
        assert ask(client, address).status_code == 404
        assert send(client, address, 0, b"0").status_code == 404
        assert client.delete(address, headers={"Tus-Resumable": "1.0.0"}).status_code == 404
    assert services.arrived(Upload.objects.get()) == 0


def test_library_of_another_commune_is_not_found(at, officer, neighbour_commune, commune):
    headers = {"Upload-Metadata": metadata(filename="a.pdf", commune=str(neighbour_commune.pk))}
    assert begin(at(officer), 10, **headers).status_code == 404
    headers = {"Upload-Metadata": metadata(filename="a.pdf", commune=str(commune.pk))}
    assert begin(at(officer), 10, **headers).status_code == 201


@pytest.mark.parametrize("given", ["x", "²", "9" * 25, "-1"])
def test_commune_that_is_no_number_is_not_found(at, officer, given):
    headers = {"Upload-Metadata": metadata(filename="a.pdf", commune=given)}
    assert begin(at(officer), 10, **headers).status_code == 404


def test_who_works_for_two_communes_says_for_which(at, officer, commune, neighbour_commune):
    MembershipFactory(user=officer, role=Role.COMMUNE_OFFICER, commune=neighbour_commune)
    assert begin(at(officer), 10).status_code == 404
    headers = {"Upload-Metadata": metadata(filename="a.pdf", commune=str(neighbour_commune.pk))}
    assert begin(at(officer), 10, **headers).status_code == 201
    assert Upload.objects.get().commune == neighbour_commune


def test_upload_ends_with_the_work_for_the_commune(at, officer, commune):
    address = begin(at(officer), 10)["Location"]
    officer.memberships.all().delete()
    assert ask(at(officer), address).status_code in (403, 404)


def test_file_for_one_commune_does_not_become_evidence_of_another(at, officer, world, dossier, neighbour_commune):
    MembershipFactory(user=officer, role=Role.COMMUNE_OFFICER, commune=neighbour_commune)
    client = at(officer)
    headers = {"Upload-Metadata": metadata(filename="a.pdf", commune=str(neighbour_commune.pk))}
    address = sent_whole(client, make.pdf_bytes(), **headers)
    assert finish(client, dossier, address).status_code == 410
    assert not Evidence.objects.exists()


def test_file_of_a_colleague_is_not_taken(at, officer, commune, dossier):
    address = sent_whole(at(officer), make.pdf_bytes())
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    assert finish(at(colleague), dossier, address).status_code == 410
    assert not Evidence.objects.exists()


# ---------------------------------------------------------------- into the library


def test_whole_file_becomes_evidence_as_one_from_a_form_does(at, officer, dossier, settings):
    client, content = at(officer), make.pdf_bytes()
    address = sent_whole(client, content)
    answer = finish(client, dossier, address, number="12/BC-UBND", title="Báo cáo")
    piece = Evidence.objects.get()
    assert answer.status_code == 200
    assert f'id="mc-{make.assessment_of(dossier, "2.1").pk}-{piece.pk}"' in answer.json()["html"]
    assert (piece.original_name, piece.number, piece.title) == ("báo cáo.pdf", "12/BC-UBND", "Báo cáo")
    assert piece.sha256 == hashlib.sha256(content).hexdigest()
    with piece.file.open() as stored:
        assert stored.read() == content
    assert EvidenceLink.objects.get().assessment.indicator.code == "2.1"
    assert len(stored_files(settings)) == 1


def test_answer_that_was_lost_can_be_asked_for_again(at, officer, dossier):
    client = at(officer)
    address = sent_whole(client, make.pdf_bytes())
    first, again = (finish(client, dossier, address) for _ in range(2))
    assert first.json()["html"].count("<li") == again.json()["html"].count("<li") == 1
    assert again.status_code == 200
    assert Evidence.objects.count() == EvidenceLink.objects.count() == 1
    assert ask(client, address)["Upload-Offset"] == ask(client, address)["Upload-Length"]
    length = Upload.objects.get().length
    assert send(client, address, length, b"").status_code == 204
    assert send(client, address, 0, b"").status_code == 409


def test_killed_between_library_and_answer_is_taken_once(at, officer, dossier, monkeypatch, settings):
    """The piece is stored, then the worker dies before the upload knows: asking again finds the same piece."""
    client = at(officer)
    address = sent_whole(client, make.pdf_bytes())

    def killed(self, **options):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Upload, "save", killed)
        with pytest.raises(SystemExit):
            finish(client, dossier, address)
    assert Evidence.objects.count() == 1
    assert finish(client, dossier, address).status_code == 200
    assert Evidence.objects.count() == EvidenceLink.objects.count() == 1
    assert len(stored_files(settings)) == 1


def test_file_that_is_not_whole_is_not_taken_and_stays(at, officer, dossier):
    client, content = at(officer), make.pdf_bytes()
    address = begin(client, len(content))["Location"]
    send(client, address, 0, content[:50])
    answer = finish(client, dossier, address)
    assert (answer.status_code, "chưa gửi hết" in answer.json()["error"]) == (400, True)
    assert ask(client, address)["Upload-Offset"] == "50"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"MZ" + bytes(200), "nội dung không phải tệp PDF"),
        ("a.pdf", make.image_bytes(), "nội dung là ảnh JPEG"),
        ("a.pdf", make.pdf_bytes()[:200], "PDF"),
        ("a.png", bomb_png(), "ảnh quá lớn"),
    ],
)
def test_what_is_no_evidence_is_refused_by_name_and_deleted(at, officer, dossier, settings, name, content, reason):
    client = at(officer)
    address = sent_whole(client, content, name)
    answer = finish(client, dossier, address)
    assert answer.status_code == 400
    assert f"Không nhận tệp {name}" in answer.json()["error"]
    assert reason in answer.json()["error"]
    assert ask(client, address).status_code == 404
    assert stored_files(settings) == []
    assert not Evidence.objects.exists()


def test_bytes_that_changed_on_their_way_are_refused(at, officer, dossier):
    client, content = at(officer), make.pdf_bytes()
    told = metadata(filename="a.pdf", sha256=hashlib.sha256(b"other").hexdigest())
    address = sent_whole(client, content, **{"Upload-Metadata": told})
    answer = finish(client, dossier, address)
    assert (answer.status_code, "khác với tệp đã chọn" in answer.json()["error"]) == (400, True)
    assert not Evidence.objects.exists()
    told = metadata(filename="a.pdf", sha256=hashlib.sha256(content).hexdigest())
    assert finish(client, dossier, sent_whole(client, content, **{"Upload-Metadata": told})).status_code == 200


def test_dossier_handed_in_meanwhile_refuses_and_keeps_the_file(at, officer, dossier):
    client = at(officer)
    address = sent_whole(client, make.pdf_bytes())
    make.fill(dossier, by=officer)
    make.hand_in(dossier, by=officer)
    answer = finish(client, dossier, address)
    assert answer.status_code == 400
    assert ask(client, address).status_code == 200


def test_wrong_description_is_said_and_keeps_the_file(at, officer, dossier):
    client = at(officer)
    address = sent_whole(client, make.pdf_bytes())
    answer = finish(client, dossier, address, issued_on="hôm qua")
    assert (answer.status_code, "Ngày ban hành" in answer.json()["error"]) == (400, True)
    assert finish(client, dossier, address, issued_on="05/12/2024").status_code == 200


@pytest.mark.parametrize("fields", [{"upload": "x"}, {"sha256": "x"}])
def test_key_that_is_none_is_refused(at, officer, dossier, fields):
    assert finish(at(officer), dossier, **fields).status_code == 400


# ---------------------------------------------------------------- the same bytes again


def test_known_bytes_are_linked_without_being_sent(at, officer, commune, dossier):
    client, content = at(officer), make.pdf_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert client.get(NEW, {"sha256": digest}).json()["known"] is False
    finish(client, dossier, sent_whole(client, content))
    assert client.get(NEW, {"sha256": digest, "commune": commune.pk}).json()["known"] is True
    answer = finish(client, dossier, sha256=digest, code="2.2")
    assert answer.status_code == 200
    assert Evidence.objects.get().links.count() == 2


def test_same_bytes_sent_twice_are_stored_once(at, officer, dossier, settings):
    client, content = at(officer), make.pdf_bytes()
    finish(client, dossier, sent_whole(client, content))
    finish(client, dossier, sent_whole(client, content, "khác.pdf"), code="2.2")
    assert Evidence.objects.get().links.count() == 2
    assert len(stored_files(settings)) == 1


def test_bytes_of_another_commune_are_not_known(at, officer, neighbour, neighbour_commune, dossier):
    content = make.pdf_bytes()
    digest = hashlib.sha256(content).hexdigest()
    services.add_evidence(neighbour_commune, make.SimpleUploadedFile("a.pdf", content), meta={}, by=neighbour)
    client = at(officer)
    assert client.get(NEW, {"sha256": digest}).json()["known"] is False
    assert client.get(NEW, {"sha256": digest, "commune": neighbour_commune.pk}).status_code == 404
    assert finish(client, dossier, sha256=digest).status_code == 410
    assert not EvidenceLink.objects.exists()


def test_file_that_broke_off_is_found_again_by_its_hash(at, officer, commune, dossier):
    client, content = at(officer), make.pdf_bytes()
    digest = hashlib.sha256(content).hexdigest()
    told = {"Upload-Metadata": metadata(filename="a.pdf", sha256=digest)}
    assert client.get(NEW, {"sha256": digest}).json()["upload"] == ""
    address = begin(client, len(content), **told)["Location"]
    send(client, address, 0, content[:50])
    assert client.get(NEW, {"sha256": digest}).json()["upload"] == address
    assert at(person(Role.COMMUNE_OFFICER, commune=commune)).get(NEW, {"sha256": digest}).json()["upload"] == ""
    client = at(officer)
    send(client, address, 50, content[50:])
    finish(client, dossier, address)
    answer = client.get(NEW, {"sha256": digest}).json()
    assert (answer["upload"], answer["known"]) == ("", True)


def test_file_that_waited_is_not_sent_in_the_name_of_another_account(at, officer, commune, dossier):
    colleague = person(Role.COMMUNE_OFFICER, commune=commune)
    client = at(colleague)
    assert client.get(NEW).json()["account"] == str(colleague.pk)
    address = sent_whole(client, make.pdf_bytes())
    assert finish(client, dossier, address, account=str(officer.pk)).status_code == 401
    assert not Evidence.objects.exists()
    assert finish(client, dossier, address, account=str(colleague.pk)).status_code == 200


# ---------------------------------------------------------------- photos


def photo(**exif):
    picture, data = Image.new("RGB", (80, 60), "green"), Image.Exif()
    data.get_ifd(0x8769).update(exif.get("taken", {}))
    data.get_ifd(0x8825).update(exif.get("place", {}))
    target = BytesIO()
    picture.save(target, exif.get("format", "JPEG"), exif=data)
    return target.getvalue()


TAKEN = {0x9003: "2025:06:12 10:15:00"}
PLACE = {1: "N", 2: (22.0, 8.0, 24.5), 3: "E", 4: (103.0, 40.0, 12.0)}


@pytest.mark.parametrize(("name", "kind"), [("a.jpg", "JPEG"), ("a.heic", "HEIF")])
def test_original_says_itself_when_and_where_it_was_taken(at, officer, dossier, name, kind):
    client = at(officer)
    address = sent_whole(client, photo(taken=TAKEN, place=PLACE, format=kind), name)
    finish(client, dossier, address, taken_at="2001:01:01 00:00:00", latitude="1", longitude="1")
    piece = Evidence.objects.get()
    assert f"{piece.taken_at.isoformat()}" == "2025-06-12T03:15:00+00:00"
    assert (str(piece.latitude), str(piece.longitude)) == ("22.140139", "103.670000")
    page = client.get(piece_page(piece)).content.decode()
    assert "Chụp lúc 10:15 12/06/2025, vị trí 22,140139; 103,670000" in page


def piece_page(piece):
    return reverse("inspections:evidence-detail", args=[piece.pk])


def test_photo_made_smaller_keeps_what_the_original_said(at, officer, dossier):
    client = at(officer)
    address = sent_whole(client, make.image_bytes(), "a.jpg")
    shot = {"taken_at": "2025:06:12 10:15:00", "taken_offset": "+09:00"}
    finish(client, dossier, address, **shot, latitude="22.1401389", longitude="-103.67")
    piece = Evidence.objects.get()
    assert piece.taken_at.isoformat() == "2025-06-12T01:15:00+00:00"
    assert (str(piece.latitude), str(piece.longitude)) == ("22.140139", "-103.670000")


@pytest.mark.parametrize(
    "shot",
    [
        {"taken_at": "0000:00:00 00:00:00"},
        {"taken_at": "1970:01:01 00:00:00"},
        {"taken_at": "<b>"},
        {"latitude": "91", "longitude": "10"},
        {"latitude": "NaN", "longitude": "10"},
        {"latitude": "22"},
        {"latitude": "0", "longitude": "0"},
        {"latitude": "x" * 500, "longitude": "10"},
    ],
)
def test_nonsense_of_a_camera_is_left_out_and_the_photo_counts(at, officer, dossier, shot):
    client = at(officer)
    answer = finish(client, dossier, sent_whole(client, make.image_bytes(), "a.jpg"), **shot)
    piece = Evidence.objects.get()
    assert answer.status_code == 200
    assert (piece.taken_at, piece.latitude, piece.longitude) == (None, None, None)
    assert "Chụp lúc" not in client.get(piece_page(piece)).content.decode()


@pytest.mark.parametrize(
    "place",
    [
        {**PLACE, 2: (22.0, 8.0)},
        {**PLACE, 2: (95.0, 0.0, 0.0)},
        {**PLACE, 2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
        {2: PLACE[2]},
    ],
)
def test_nonsense_in_a_file_is_left_out(at, officer, dossier, place):
    client = at(officer)
    assert finish(client, dossier, sent_whole(client, photo(place=place), "a.jpg")).status_code == 200
    assert Evidence.objects.get().latitude is None


def test_a_document_has_no_place(at, officer, dossier):
    client = at(officer)
    finish(client, dossier, sent_whole(client, make.pdf_bytes()), latitude="22", longitude="103")
    assert Evidence.objects.get().latitude is None


# ---------------------------------------------------------------- given up, forgotten


def test_cancelled_upload_is_gone_with_its_bytes(at, officer, settings):
    client = at(officer)
    address = begin(client, 10)["Location"]
    send(client, address, 0, b"0123")
    assert client.delete(address, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert ask(client, address).status_code == 404
    assert send(client, address, 4, b"4").status_code == 404
    assert stored_files(settings) == []


def test_forgotten_upload_is_gone_after_a_week_and_cleared_away(at, officer, settings):
    client = at(officer)
    address, other = (begin(client, 10)["Location"] for _ in range(2))
    later = clock.now() + service.KEPT
    with clock.at(later - timedelta(hours=1)):
        assert send(client, other, 0, b"0").status_code == 204
    with clock.at(later + timedelta(hours=1)):
        assert ask(client, address).status_code == 410
        assert ask(client, other).status_code == 200
    with clock.at(later + service.KEPT):
        call_command("clean_uploads", stdout=StringIO())
    assert not Upload.objects.exists()
    assert stored_files(settings) == []


def test_next_beginning_clears_what_others_forgot(at, officer, commune, settings):
    services.start_upload(commune, name="a.pdf", length=9, by=officer)
    with clock.at(clock.now() + service.KEPT + timedelta(days=1)):
        begin(at(person(Role.COMMUNE_OFFICER, commune=commune)), 10)
    assert Upload.objects.count() == len(stored_files(settings)) == 1


def test_part_file_of_no_upload_is_cleared_when_it_is_old(officer, commune, settings):
    upload = services.start_upload(commune, name="a.pdf", length=9, by=officer)
    stray, young = (incoming.folder() / f"{name * 32}.part" for name in "ab")
    for path in (stray, young):
        path.write_bytes(b"x")
    old = time.time() - service.KEPT.total_seconds() - 60
    for path in (stray, incoming.path_of(upload.key)):
        os.utime(path, (old, old))
    assert services.clean_uploads() == 1
    assert sorted(stored_files(settings)) == sorted([incoming.path_of(upload.key), young])


def test_bytes_lost_on_the_server_begin_anew(at, officer, dossier):
    client = at(officer)
    address = begin(client, 10)["Location"]
    incoming.remove(Upload.objects.get().key)
    assert ask(client, address).status_code == 410
    assert ask(client, address).status_code == 404


def test_bytes_on_their_way_are_for_the_portal_s_eyes_only(officer, commune):
    upload = services.start_upload(commune, name="a.pdf", length=9, by=officer)
    assert incoming.path_of(upload.key).stat().st_mode & 0o777 == 0o600
    assert incoming.folder().stat().st_mode & 0o777 == 0o700


def test_removed_piece_takes_its_upload_along(at, officer, dossier):
    client = at(officer)
    finish(client, dossier, sent_whole(client, make.pdf_bytes()))
    piece = Evidence.objects.get()
    services.unlink_evidence(piece, make.assessment_of(dossier, "2.1"), by=officer)
    services.remove_evidence(piece, by=officer)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("count", [1, 5])
def test_asking_costs_the_same_for_any_number_of_uploads(at, officer, commune, count, django_assert_num_queries):
    client = at(officer)
    addresses = [begin(client, 10)["Location"] for _ in range(count)]
    ask(client, addresses[0])
    with django_assert_num_queries(4):
        ask(client, addresses[0])
