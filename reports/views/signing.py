"""The page on which an approved notice is signed: files go out to be signed elsewhere and come back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from communes import clock
from communes.permissions import Permission, require

from .. import signing as signatures
from .. import workflow
from ..forms import SignatureForm, SignatureRequestForm, SignedFileForm, VoidForm
from ..models import IssuedDocument, Notice, SignatureRequest, Signing
from ..renditions import File
from ..services import signing as services
from ..signing import SignatureReport, Step
from ..workflow import Refused
from .common import attachment, crumbs, notice_for, tell, user_of

signs = require(Permission.NOTICE_ISSUE, Permission.NOTICE_APPROVE)
Rendition = IssuedDocument.Rendition


@dataclass(frozen=True)
class StepLine:
    """A step as the page shows it; state: "done", "todo" (its turn) or "" (not yet)."""

    label: str
    state: str
    note: str


@dataclass(frozen=True)
class SignatureLine:
    """A signature as the page shows it; times are moments, integrity and trust a state that has a shape."""

    report: SignatureReport
    step: str
    signed_at: datetime | None
    timestamp_at: datetime | None
    integrity: str
    trust: str


@require_safe
@signs
def notice_signing(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _page(request, _notice(request, public_id))


def _page(request: HttpRequest, notice: Notice, *, status: int = 200, **forms: Any) -> HttpResponse:
    """The page; forms: the one that was refused, under its name."""
    is_approved = notice.status == Notice.Status.APPROVED
    found = services.signing_in_force(notice) if is_approved else None
    waiting = services.next_steps(found) if found else []
    choices = [(step.value, services.LABELS[step]) for step in waiting]
    asked = SignatureRequest.objects.filter(signing=found).select_related("made_by").first() if found else None
    try:
        rows = _signatures(notice, found)
    except signatures.Refused as refused:
        rows = []
        messages.error(request, str(refused))
    context = {
        "notice": notice,
        "signing": found,
        "is_outdated": found is None and is_approved and notice.signings.in_force().exists(),
        "steps": _step_lines(notice, found) if found else [],
        "signatures": rows,
        "present": (found.versions.last() or found) if found else None,
        "is_complete": bool(found and not waiting and services.done_steps(found)),
        "is_ready_to_issue": bool(found and services.final_pdf(notice)),
        "needs_number": bool(found and notice.number is None),
        "is_approved": is_approved,
        "signed_later": notice.documents.filter(rendition=Rendition.SIGNED).first() if notice.is_public else None,
        "request_row": asked,
        "wanted": services.LABELS[Step(asked.step)] if asked else "",
        "upload_form": SignedFileForm(),
        "request_form": SignatureRequestForm(choices) if waiting else None,
        "signature_form": SignatureForm(),
        "void_form": VoidForm(),
        "voided": notice.signings.exclude(voided_at__isnull=True).select_related("voided_by"),
        "may_issue": workflow.may(notice, "issue", user_of(request)),
        "bound": next(iter(forms.values()), None),
        "errors": [],
        "crumbs": crumbs(notice, ("Ký số", "")),
    } | forms
    return render(request, "reports/notice_signing.html", context, status=status)


def _step_lines(notice: Notice, found: Signing) -> list[StepLine]:
    done, turn = services.done_steps(found), services.next_steps(found)
    notes = {Step.NUMBER: notice.code if notice.number else "chưa cấp số", Step.LEADER: notice.signer_name}
    return [
        StepLine(
            services.LABELS[step],
            "done" if step in done else "todo" if step in turn else "",
            notes.get(step, ""),
        )
        for step in services.steps_of(found)
    ]


def _signatures(notice: Notice, found: Signing | None) -> list[SignatureLine]:
    """Of the present version; of an issued notice, those of the file signed afterwards or as issued."""
    if notice.is_public:
        documents = {row.rendition: row for row in notice.documents.all()}
        document = documents.get(Rendition.SIGNED) or documents[Rendition.FINAL]
        with document.file.open("rb") as file:
            reports = signatures.report(file.read(), at=clock.now(), roots=services.trust_roots())
        return [_line(row) for row in reports]
    last = found.versions.last() if found else None
    return [_line(signatures.report_from(row)) for row in last.report] if last else []


def _line(row: SignatureReport) -> SignatureLine:
    known = row.field in Step._value2member_map_
    return SignatureLine(
        row,
        services.LABELS[Step(row.field)] if known else "",
        datetime.fromisoformat(row.signed_at) if row.signed_at else None,
        datetime.fromisoformat(row.timestamp_at) if row.timestamp_at else None,
        "complete" if row.holds else "error",
        {True: "complete", False: "error", None: "unverified"}[row.is_trusted],
    )


# ---------------------------------------------------------------- acts


@require_POST
@signs
def signing_start(request: HttpRequest, public_id: UUID) -> HttpResponse:
    return _act(
        request, public_id, lambda notice: services.start_signing(notice, by=user_of(request)),
        "Đã chuẩn bị tệp. Tải tệp về, ký bằng phần mềm ký số của cơ quan rồi tải lên.",
    )  # fmt: skip


@require_POST
@signs
def signing_void(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = VoidForm(request.POST)
    if not form.is_valid():
        return _page(request, _notice(request, public_id), status=400, void_form=form)
    reason = form.cleaned_data["reason"]
    return _act(
        request, public_id, lambda notice: services.void_signing(notice, reason=reason, by=user_of(request)),
        "Đã hủy lượt ký; các tệp của lượt này vẫn được lưu.",
    )  # fmt: skip


@require_POST
@signs
def signing_upload(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = SignedFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, _notice(request, public_id), status=400, upload_form=form)
    signed = form.cleaned_data["signed"]
    return _act(
        request, public_id, lambda notice: services.upload_signed(notice, signed, by=user_of(request)),
        "Đã nhận tệp đã ký: đúng nguyên văn, chữ ký hợp lệ.",
    )  # fmt: skip


@require_POST
@signs
def signing_request(request: HttpRequest, public_id: UUID) -> HttpResponse:
    notice = _notice(request, public_id)
    form = SignatureRequestForm([(step.value, services.LABELS[step]) for step in Step], request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, notice, status=400, request_form=form)
    step, image = Step(form.cleaned_data["step"]), form.cleaned_data["image"]
    return _act(
        request, public_id, lambda notice: services.prepare_step(notice, step, image=image, by=user_of(request)),
        "Đã tạo yêu cầu ký. Tải tệp cần ký, ký tách rời rồi tải chữ ký lên.",
    )  # fmt: skip


@require_POST
@signs
def signing_complete(request: HttpRequest, public_id: UUID) -> HttpResponse:
    form = SignatureForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, _notice(request, public_id), status=400, signature_form=form)
    signature = form.cleaned_data["signature"]
    return _act(
        request, public_id, lambda notice: services.complete_step(notice, signature, by=user_of(request)),
        "Đã đặt chữ ký vào văn bản.",
    )  # fmt: skip


def _act(request: HttpRequest, public_id: UUID, act: Callable[[Notice], Any], done: str) -> HttpResponse:
    """Do it, and say on the page what was done or why not."""
    notice = _notice(request, public_id)
    try:
        act(notice)
    except Refused as refused:
        tell(request, refused)
    else:
        messages.success(request, done)
    return redirect("reports:notice-signing", public_id)


# ---------------------------------------------------------------- files


@require_safe
@signs
def signing_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The present file, to be signed next."""
    notice = _notice(request, public_id)
    try:
        pdf = services.present_pdf(notice)
    except Refused as refused:
        tell(request, refused)
        return redirect("reports:notice-signing", public_id)
    return attachment(File(f"ky-so-{notice.code.replace('/', '-')}.pdf", "application/pdf", pdf))


@require_safe
@signs
def signing_request_file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The bytes that a detached signature is made over."""
    notice = _notice(request, public_id)
    found = SignatureRequest.objects.filter(signing__notice=notice, signing=services.signing_in_force(notice)).first()
    if found is None:
        messages.error(request, "Chưa có yêu cầu ký nào, hoặc yêu cầu đã được thay. Tạo yêu cầu mới.")
        return redirect("reports:notice-signing", public_id)
    data = services.bytes_to_sign(found)
    return attachment(File(f"can-ky-{found.step}.bin", "application/octet-stream", data))


def _notice(request: HttpRequest, public_id: UUID) -> Notice:
    """A notice this person hands in signed files for; 404 where it is not theirs to read, 403 where only to read."""
    notice = notice_for(request, public_id)
    if not services.may_sign(notice, user_of(request)):
        raise PermissionDenied
    return notice
