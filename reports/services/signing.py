"""Signing an approved notice: its file is prepared here, signed elsewhere, and taken back when it proves its own.

The leader signs, then the clerk adds number and day where they are still blank, and the agency's seal; no key ever
comes near the portal. What the signatures of any PDF say: `reports.signing.report`.
"""

import hashlib
import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from communes import clock, journal
from communes.models import User

from .. import renderer, signing, workflow
from ..compose import LAYOUT, Composition, page_of
from ..content import NoticeContent, from_facts
from ..models import IssuedDocument, Notice, SignatureRequest, SignedVersion, Signing
from ..signing import Box, Prepared, SignatureReport, Signer, Step
from ..workflow import Incomplete, NotAllowed, Refused, StaleState
from . import storing
from .issuing import approved_digest

STAMP = "stamp_v1"
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
LABELS = {
    Step.LEADER: "Người ký văn bản ký số",
    Step.NUMBER: "Văn thư ghi số",
    Step.DATE: "Văn thư ghi ngày, tháng",
    Step.SEAL: "Đóng dấu của cơ quan",
}
Rendition = IssuedDocument.Rendition
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """The file as it stands: which act of signing it is after, and its bytes."""

    signing: Signing
    position: int
    pdf: bytes
    steps: frozenset[Step]


def may_sign(notice: Notice, user: User) -> bool:
    """Whether the person may prepare and hand in signed files: the coordinator, or head and deputies of the team.

    Whose signature it is, the certificate says; who carries the file does not matter.
    """
    return workflow.may(notice, "issue", user) or workflow.may(notice, "approve", user)


def signing_in_force(notice: Notice) -> Signing | None:
    """The present go at signing; None where none was begun or the approval it stands on is gone."""
    found = notice.signings.in_force().first()
    is_same = found and found.approved_at == notice.approved_at and found.content_sha256 == notice.approved_sha256
    if not found or not is_same:
        return None
    is_renumbered = found.number is not None and (found.number, found.issued_on) != (notice.number, notice.issued_on)
    return None if is_renumbered else found


def steps_of(found: Signing) -> list[Step]:
    """The signatures that the file has room for, in the order in which they are made."""
    return [step for step in Step if step.value in found.fields]


def done_steps(found: Signing) -> frozenset[Step]:
    last = found.versions.last()
    return frozenset(Step(value) for value in last.steps) if last else frozenset()


def next_steps(found: Signing) -> list[Step]:
    """What may be signed now: first the leader, then number and day in any order, the seal last."""
    done = done_steps(found)
    waiting = [step for step in steps_of(found) if step not in done]
    return [step for step in waiting if not lacking_before(step, done, steps_of(found))]


def lacking_before(step: Step, done: frozenset[Step], all_steps: Sequence[Step]) -> list[Step]:
    """Steps that must be signed before this one and are not."""
    needed = {Step.LEADER: (), Step.NUMBER: (Step.LEADER,), Step.DATE: (Step.LEADER,)}.get(
        step, (Step.LEADER, Step.NUMBER, Step.DATE)
    )
    return [other for other in needed if other in all_steps and other not in done]


# ---------------------------------------------------------------- begin, give up


def start_signing(notice: Notice, *, by: User) -> Signing:
    """Print the approved notice and give it empty fields, to be signed in turn.

    Where a number was given before, it is printed with its day and only leader and seal sign; else the clerk
    signs them in afterwards. Raises NotAllowed, StaleState, Incomplete, or Refused when it cannot be printed.
    """
    _require_signer(notice, by)
    approved_at = _require_approved(notice)
    # Printed before the database is held: it takes its time, and what it was printed from is compared afterwards.
    composition = Composition(notice)
    if approved_digest(composition) != notice.approved_sha256:
        raise Incomplete(
            "Nội dung hoặc số liệu đã thay đổi sau khi phê duyệt; gửi lại để Trưởng đoàn phê duyệt bản mới."
        )
    if notice.prints_code:
        raise Incomplete("Thông báo in mã xác minh chỉ ký số được sau khi ban hành: mã lấy từ nội dung đã ban hành.")
    content = composition.content(number=notice.number, on=notice.issued_on, is_draft=False)
    with _told():
        pdf, boxes = signing.add_fields(_printed(content), _signer(content), seal_mm=settings.SEAL_MM)
    with transaction.atomic(), storing.files() as keep:
        _hold(notice, by)
        _void(notice, reason="Chuẩn bị lại để ký từ đầu.", by=by)
        made = Signing(
            notice=notice,
            sha256=hashlib.sha256(pdf).hexdigest(),
            size=len(pdf),
            fields={step.value: _edges(box) for step, box in boxes.items()},
            approved_at=approved_at,
            content_sha256=notice.approved_sha256,
            number=notice.number,
            issued_on=notice.issued_on,
            started_by=by,
            started_at=clock.now(),
        )
        keep(made.file, "cho-ky.pdf", pdf)
        made.save(force_insert=True)
        _record("notice.signing_started", notice, by, sha256=made.sha256, number=notice.number)
    return made


@transaction.atomic
def void_signing(notice: Notice, *, reason: str, by: User) -> None:
    """Give up the present go at signing; its files are kept, and marked void."""
    _require_signer(notice, by)
    if not reason.strip():
        raise Incomplete("Chưa ghi lý do hủy lượt ký.")
    _hold(notice, by)
    if not _void(notice, reason=reason, by=by):
        raise StaleState("Không còn lượt ký nào để hủy; tải lại trang.")


def _void(notice: Notice, *, reason: str, by: User) -> bool:
    changed = notice.signings.void(reason=reason, by=by, at=clock.now())
    if changed:
        _record("notice.signing_voided", notice, by, reason=reason.strip())
    return bool(changed)


# ---------------------------------------------------------------- prepare and complete


def prepare_step(notice: Notice, step: Step, *, image: bytes = b"", by: User) -> SignatureRequest:
    """A file that lacks only the signature of this step, to be signed as a detached CMS (`bytes_to_sign`).

    image: PNG of the signature or seal; number and day are typeset here. The last request is replaced.
    """
    _require_signer(notice, by)
    stage = _stage(notice)
    _require_turn(stage, step)
    number, on = _stamped(notice, step)
    with _told():
        appearance = signing.Appearance(image, tuple(_stamp(text, part) for text, part in _texts(step, number, on)))
        prepared = signing.prepare(stage.pdf, step, appearance, at=clock.now(), seal_mm=settings.SEAL_MM)
    with transaction.atomic(), storing.files() as keep:
        _hold(notice, by)
        _require_same(stage)
        SignatureRequest.objects.filter(signing=stage.signing).delete()
        made = SignatureRequest(
            signing=stage.signing,
            after=stage.position,
            step=step.value,
            start=prepared.start,
            end=prepared.end,
            digest=prepared.digest.hex(),
            number=number,
            issued_on=on,
            made_by=by,
            made_at=clock.now(),
        )
        keep(made.file, "can-ky.pdf", prepared.pdf)
        made.save(force_insert=True)
        _record("notice.signature_requested", notice, by, step=step.value, digest=made.digest)
    return made


def bytes_to_sign(request: SignatureRequest) -> bytes:
    """What a detached signature of the request is made over."""
    return _prepared(request).signed_bytes


def complete_step(notice: Notice, signature: bytes, *, by: User) -> SignedVersion:
    """Put a detached CMS into the requested place. Raises Refused when it is not a signature of exactly that file."""
    _require_signer(notice, by)
    stage = _stage(notice)
    request = SignatureRequest.objects.filter(signing=stage.signing, after=stage.position).first()
    if request is None:
        raise StaleState("Yêu cầu ký này không còn: tệp đã được ký thêm hoặc chuẩn bị lại. Tạo yêu cầu mới.")
    if request.number is not None and (request.number, request.issued_on) != (notice.number, notice.issued_on):
        raise StaleState("Số hoặc ngày của thông báo đã thay đổi sau khi tạo yêu cầu ký. Tạo yêu cầu mới.")
    with _told():
        pdf = signing.complete(_prepared(request), signature)
        reports = signing.report(pdf, at=clock.now(), roots=trust_roots())
    return _add_version(notice, stage, pdf, reports, stage.steps | {Step(request.step)}, by)


def _prepared(request: SignatureRequest) -> Prepared:
    with request.file.open("rb") as file:
        pdf = file.read()
    return Prepared(pdf, Step(request.step), request.start, request.end, bytes.fromhex(request.digest))


# ---------------------------------------------------------------- signed elsewhere


def upload_signed(notice: Notice, pdf: bytes, *, by: User) -> SignedVersion | IssuedDocument:
    """Take a file that was signed elsewhere: the present file plus signatures, else Refused with the reason.

    Before issue it is the next version; after issue it becomes the rendition that was signed later.
    """
    _require_signer(notice, by)
    if notice.is_public:
        return _sign_issued(notice, pdf, by)
    stage = _stage(notice)
    with _told():
        reports = signing.judge(stage.pdf, pdf, at=clock.now(), roots=trust_roots())
    boxes = {Step(step): Box(*edges) for step, edges in stage.signing.fields.items()}
    done = frozenset(signing.done(reports, boxes))
    if done <= stage.steps:
        raise Incomplete(
            "Chữ ký mới không nằm ở chỗ ký nào còn trống. Đặt chữ ký vào đúng khung của bước đang chờ rồi ký lại."
        )
    for step in done - stage.steps:
        _require_turn(stage, step, done)
        _stamped(notice, step)
    return _add_version(notice, stage, pdf, reports, done, by)


def _add_version(
    notice: Notice,
    stage: Stage,
    pdf: bytes,
    reports: Sequence[SignatureReport],
    steps: frozenset[Step],
    by: User,
) -> SignedVersion:
    is_numbered = Step.NUMBER in steps or Step.DATE in steps
    with transaction.atomic(), storing.files() as keep:
        _hold(notice, by)
        _require_same(stage)
        made = SignedVersion(
            signing=stage.signing,
            position=stage.position + 1,
            sha256=hashlib.sha256(pdf).hexdigest(),
            size=len(pdf),
            steps=[step.value for step in Step if step in steps],
            report=[row.as_json() for row in reports],
            number=notice.number if is_numbered else None,
            issued_on=notice.issued_on if is_numbered else None,
            made_by=by,
            made_at=clock.now(),
        )
        keep(made.file, "da-ky.pdf", pdf)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as error:
            raise _overtaken() from error
        SignatureRequest.objects.filter(signing=stage.signing).delete()
        signers = [row.signer for row in reports]
        _record("notice.signed", notice, by, steps=made.steps, sha256=made.sha256, signers=signers)
    return made


def _sign_issued(notice: Notice, pdf: bytes, by: User) -> IssuedDocument:
    """A version of the issued file signed afterwards; the issued file itself stays what it is."""
    final = notice.documents.get(rendition=Rendition.FINAL)
    if notice.documents.filter(rendition=Rendition.SIGNED).exists():
        raise _signed_before()
    with _told():
        reports = signing.judge(_with_fields(final), pdf, at=clock.now(), roots=trust_roots())
    with transaction.atomic(), storing.files() as keep:
        workflow.hold(notice)
        sha256 = hashlib.sha256(pdf).hexdigest()
        signers = [row.signer for row in reports]
        event = _record("notice.signed_after_issue", notice, by, sha256=sha256, signers=signers)
        made = IssuedDocument(
            notice=notice,
            rendition=Rendition.SIGNED,
            sha256=sha256,
            size=len(pdf),
            template_version=final.template_version,
            facts_sha256=final.facts_sha256,
            journal_head=event.hash,
            made_at=clock.now(),
        )
        keep(made.file, "thong-bao.pdf", pdf)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError as error:
            raise _signed_before() from error
    return made


def _signed_before() -> StaleState:
    return StaleState("Đã có bản ký số sau khi ban hành; bản đó được giữ nguyên.")


def _with_fields(final: IssuedDocument) -> bytes:
    """The issued file as it goes out to be signed: with fields for signature and seal where it has none yet.

    The same file gives the same bytes each time, so that nothing has to be kept of it.
    """
    signer = _signer(from_facts(final.printed_facts))
    return signing.add_fields(_read(final), signer, seal_mm=settings.SEAL_MM)[0]


# ---------------------------------------------------------------- for issuing


def final_pdf(notice: Notice) -> bytes | None:
    """The notice with every signature it has room for, to be issued as it is; None while any is missing."""
    found = signing_in_force(notice)
    last = found.versions.last() if found else None
    if found is None or last is None or notice.number is None:
        return None
    if {step.value for step in steps_of(found)} - set(last.steps):
        return None
    if last.number is not None and (last.number, last.issued_on) != (notice.number, notice.issued_on):
        return None
    return _read(last)


def signed_files(notice: Notice) -> dict[str, Any]:
    """What `issue_notice` takes of a notice that was signed before issue: {} where it was not begun to be signed.

    Raises Incomplete where signing was begun and is not complete: what the leader signed is not left behind.
    """
    if not notice.signings.in_force().exists():
        return {}
    if signing_in_force(notice) is None:
        raise Incomplete(
            "Số hoặc ngày đã được sửa sau khi chuẩn bị ký, nên tệp đã ký không còn đúng. "
            "Ký lại từ đầu, hoặc hủy lượt ký rồi ban hành bản chưa ký."
        )
    final = final_pdf(notice)
    if final is None:
        raise Incomplete(
            "Văn bản đang được ký số và chưa đủ chữ ký. Ký xong, hoặc hủy lượt ký rồi ban hành bản chưa ký."
        )
    blank = signed_blank_pdf(notice)
    return {"signed": final} | ({"signed_blank": blank} if blank else {})


def signed_blank_pdf(notice: Notice) -> bytes | None:
    """The notice as the leader signed it, before number and day were put in; None where they were printed first."""
    found = signing_in_force(notice)
    if found is None or Step.NUMBER.value not in found.fields:
        return None
    before = [
        row for row in found.versions.all() if Step.LEADER.value in row.steps and Step.NUMBER.value not in row.steps
    ]
    return _read(before[-1]) if before else None


def present_pdf(notice: Notice) -> bytes:
    """The file that is to be signed next. Raises StaleState where signing has not begun or no longer holds."""
    if not notice.is_public:
        return _stage(notice).pdf
    with _told():
        return _with_fields(notice.documents.get(rendition=Rendition.FINAL))


# ---------------------------------------------------------------- trust


def trust_roots() -> list[bytes]:
    """Certificates of the trusted roots, DER, from the files of SIGNING_TRUST_ROOTS; [] where it is not set."""
    folder = settings.SIGNING_TRUST_ROOTS
    if not folder:
        return []
    files = sorted(path for path in Path(folder).glob("*") if path.suffix in (".pem", ".crt", ".cer"))
    return [root for path in files for root in _certificates(path, path.stat().st_mtime_ns)]


@cache
def _certificates(path: Path, _changed: int) -> list[bytes]:
    """Every certificate of one PEM file; read again when the file has changed. What is unreadable is not trusted."""
    text = path.read_text(encoding="ascii", errors="replace")
    try:
        found = [ssl.PEM_cert_to_DER_cert(block) for block in CERTIFICATE.findall(text)]
    except ValueError:
        found = []
    if not found or not all(der.startswith(b"\x30\x82") for der in found):
        log.error("%s in SIGNING_TRUST_ROOTS holds no readable certificate", path)
        return []
    return found


# ---------------------------------------------------------------- what the acts share


def _require_signer(notice: Notice, by: User) -> None:
    if not may_sign(notice, by):
        raise NotAllowed("Chỉ Văn phòng Điều phối, Trưởng đoàn và Phó Trưởng đoàn của đợt này được ký số thông báo.")


def _require_approved(notice: Notice) -> datetime:
    """When it was approved; raises Incomplete for a notice that is not."""
    if notice.status != Notice.Status.APPROVED or notice.approved_at is None:
        raise Incomplete(f"Thông báo ở trạng thái “{notice.get_status_display()}”; chỉ ký số thông báo đã phê duyệt.")
    return notice.approved_at


def _hold(notice: Notice, by: User) -> None:
    _require_approved(notice)
    workflow.hold(notice)


def _stage(notice: Notice) -> Stage:
    _require_approved(notice)
    found = signing_in_force(notice)
    if found is None:
        raise StaleState("Chưa chuẩn bị tệp để ký, hoặc tệp trước đã bị hủy. Chuẩn bị tệp rồi ký.")
    last = found.versions.last()
    return Stage(found, last.position if last else 0, _read(last or found), done_steps(found))


def _require_turn(stage: Stage, step: Step, done: frozenset[Step] | None = None) -> None:
    """done: what is signed with it in the same file."""
    everything = steps_of(stage.signing)
    if step not in everything or step in stage.steps:
        raise StaleState(f"Bước “{LABELS[step]}” đã ký hoặc không có trong văn bản này; tải lại trang.")
    lacking = lacking_before(step, stage.steps if done is None else done, everything)
    if lacking:
        raise Incomplete(
            f"Trước bước “{LABELS[step]}” phải ký: {', '.join(LABELS[other].lower() for other in lacking)}."
        )


def _require_same(stage: Stage) -> None:
    """Within the transaction: nobody signed, voided or began anew meanwhile."""
    signing_ = Signing.objects.select_for_update().in_force().filter(pk=stage.signing.pk).first()
    if signing_ is None or signing_.versions.count() != stage.position:
        raise _overtaken()


def _overtaken() -> StaleState:
    return StaleState("Tệp đã được người khác ký thêm hoặc chuẩn bị lại. Tải tệp mới nhất rồi ký lại.")


def _stamped(notice: Notice, step: Step) -> tuple[int | None, date | None]:
    """Number and day of the notice where this step signs them in. Raises Incomplete while they are not given."""
    if step not in (Step.NUMBER, Step.DATE):
        return None, None
    if notice.number is None or notice.issued_on is None:
        raise Incomplete("Văn bản chưa được cấp số và ngày; cấp số trước khi văn thư ký số, ngày vào văn bản.")
    if notice.issued_on.year != notice.round.year:
        raise Incomplete(
            f"Văn bản đã ký in năm {notice.round.year}, ngày được cấp thuộc năm {notice.issued_on.year}. "
            "Hủy lượt ký rồi ký lại văn bản đã ghi số, ngày."
        )
    return notice.number, notice.issued_on


def _texts(step: Step, number: int | None, on: date | None) -> Iterator[tuple[str, str]]:
    """(text, part) of the stamps of a step, as they would have been printed."""
    if number is None or on is None:
        return
    if step is Step.NUMBER:
        yield f"{number:02d}", "number"
    else:
        yield f"{on.day:02d}", "date"
        yield (f"{on.month:02d}" if on.month < 3 else str(on.month)), "date"


def _stamp(text: str, part: str) -> bytes:
    return renderer.render(render_to_string(f"reports/pdf/{STAMP}.html", {"text": text, "part": part}), STAMP)


def _printed(content: NoticeContent) -> bytes:
    return renderer.render(page_of(content), LAYOUT)


def _signer(content: NoticeContent) -> Signer:
    above = content.signature.authority[-1] if content.signature.authority else ""
    return Signer(above, content.signature.post or content.signature.name)


def _edges(box: Box) -> list[float]:
    return [box.page, *(round(edge, 3) for edge in (box.left, box.bottom, box.right, box.top))]


def _read(row: Signing | SignedVersion | IssuedDocument) -> bytes:
    with row.file.open("rb") as file:
        pdf: bytes = file.read()
    return pdf


@contextmanager
def _told() -> Iterator[None]:
    """Refusals of the printing and of the signing process, as refusals of an act."""
    try:
        yield
    except (signing.Refused, renderer.RenderError) as error:
        raise Refused(str(error)) from error


def _record(action: str, notice: Notice, by: User, **data: Any) -> Any:
    return journal.record(action, subject=notice, by=by, chain=journal.round_chain(notice.round.code), data=data)
