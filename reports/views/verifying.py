"""Checking a copy: by its file, by the SHA-256 of the file, or by the code printed at its end. For everyone."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from .. import genuine
from ..public_forms import CodeForm, FileForm, HashedFile, HashingHandler
from ..publishing import issuer_of

FACTS = ("Số, ký hiệu", "Ngày ban hành", "Cơ quan ban hành", "Trích yếu", "Người ký")


# The handler of uploads must be set before anything reads the form, the check of its token included.
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csrf_exempt
def verify(request: HttpRequest) -> HttpResponse:
    """The page with both forms, and above them the answer to what was asked."""
    request.upload_handlers = [HashingHandler(request)]
    return _verify(request)


@csrf_protect
def _verify(request: HttpRequest) -> HttpResponse:
    code_form, file_form = CodeForm(), FileForm()
    context: dict[str, Any] = {"is_answer": False}
    if request.method == "POST":
        file_form = FileForm(request.POST, request.FILES)
        if file_form.is_valid():
            file: HashedFile = file_form.cleaned_data["tep"]
            context = _answer(request, file.sha256, file)
    elif "ma" in request.GET:
        code_form = CodeForm(request.GET)
        if code_form.is_valid():
            context = _answer(request, code_form.cleaned_data["ma"])
    failed = file_form if file_form.errors else code_form
    context |= {"code_form": code_form, "file_form": file_form, "failed": failed}
    return render(request, "reports/verify.html", context, status=400 if file_form.errors else 200)


def _answer(request: HttpRequest, code: str, file: HashedFile | None = None) -> dict[str, Any]:
    found = genuine.find(code)
    answer: dict[str, Any] = {"is_answer": True, "found": found, "code": code, "file": file}
    if found:
        notice, printed = found.notice, found.content
        day = f"{printed.day_text}/{printed.month:02d}/{printed.year}"
        signer = f"{printed.signature.name}, {printed.signature.post}".strip(" ,")
        values = (printed.code, day, issuer_of(notice, printed), printed.subject, signer)
        answer["rows"] = [*zip(FACTS, values, strict=True), *found.figures]
    return answer
