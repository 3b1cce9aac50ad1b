"""What the public chooses and sends: the filter of the list, a code, a file of which only the hash is kept."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.http import urlencode

from communes.notation import file_size
from communes.text import clean, fold

from .verification import SHORTEST_CODE, read_code

LONGEST_SEARCH = 100
# Beyond several times the largest file it is not read to its end, only to be refused.
HOPELESS = 4


@dataclass(frozen=True)
class Wanted:
    """What of the list is asked for. Its address has one form: no empty or unknown part, always the same order."""

    words: str = ""
    authority: str = ""
    year: int | None = None

    @property
    def is_all(self) -> bool:
        return not (self.words or self.authority or self.year)

    def query(self, page: int = 1) -> str:
        """ "?q=nam+can&nam=2024", "" for the first page of all."""
        parts = {"q": self.words, "co_quan": self.authority, "nam": self.year or "", "page": page if page > 1 else ""}
        chosen = {name: value for name, value in parts.items() if value}
        return f"?{urlencode(chosen)}" if chosen else ""


class ListFilter(forms.Form):
    """Search and filters of the public list; every field may be empty, and what is no choice counts as empty."""

    q = forms.CharField(label="Tìm trong thông báo", required=False)
    co_quan = forms.ChoiceField(label="Cơ quan", required=False)
    nam = forms.TypedChoiceField(label="Năm", required=False, coerce=int, empty_value=None)

    def __init__(self, data: Mapping[str, Any], authorities: Mapping[str, str], years: Sequence[int]) -> None:
        super().__init__(data, auto_id="loc-%s")
        self.fields["q"].widget = forms.TextInput(
            attrs={"type": "search", "maxlength": LONGEST_SEARCH, "placeholder": "Số, trích yếu, tên xã"}
        )
        for name, choices in (("co_quan", authorities.items()), ("nam", [(year, year) for year in years])):
            chosen: Any = self.fields[name]
            chosen.choices = [("", "Tất cả"), *choices]

    @property
    def wanted(self) -> Wanted:
        self.is_valid()
        words = " ".join(clean(self.cleaned_data.get("q", "")).split())[:LONGEST_SEARCH].strip()
        return Wanted(
            words if fold(words) else "", self.cleaned_data.get("co_quan", ""), self.cleaned_data.get("nam") or None
        )


class CodeForm(forms.Form):
    """The code printed at the end of a notice, or the SHA-256 of a file."""

    ma = forms.CharField(
        label="Mã ở cuối bản in, hoặc SHA-256 của tệp",
        help_text=f"Ít nhất {SHORTEST_CODE} ký tự, gồm chữ số và các chữ từ a đến f; không cần gõ dấu cách.",
        error_messages={"required": "Nhập mã cần kiểm tra."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def clean_ma(self) -> str:
        code = read_code(clean(self.cleaned_data["ma"])[:500])
        if code is None:
            raise ValidationError(
                f"Mã chưa đúng: cần từ {SHORTEST_CODE} đến 64 ký tự, chỉ gồm chữ số và các chữ a, b, c, d, e, f. "
                "Xem lại từng ký tự, nhất là số 0 và số 8."
            )
        return code


@dataclass
class HashedFile:
    """An upload of which nothing is left but its name, size and hash."""

    name: str
    size: int = 0
    sha256: str = ""
    is_too_large: bool = False
    digest: Any = field(default_factory=hashlib.sha256, repr=False)

    def close(self) -> None:
        """There is nothing to close; Django asks every upload to."""


class HashingHandler(FileUploadHandler):
    """Reads uploads piece by piece for their hash; no byte of them is kept, neither in memory nor on disk."""

    chunk_size = 256 * 1024

    def handle_raw_input(
        self, input_data: Any, meta: dict[str, Any], content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > HOPELESS * settings.EVIDENCE_MAX_BYTES:
            raise RequestDataTooBig("The file to verify is many times larger than any document.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.hashed = HashedFile(self.file_name or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.hashed.size += len(raw_data)
        self.hashed.is_too_large = self.hashed.size > settings.EVIDENCE_MAX_BYTES
        if not self.hashed.is_too_large:
            self.hashed.digest.update(raw_data)

    def file_complete(self, file_size: int) -> Any:
        self.hashed.sha256 = self.hashed.digest.hexdigest()
        return self.hashed


class FileForm(forms.Form):
    """A file to check; filled by HashingHandler."""

    tep = forms.FileField(
        label="Tệp PDF hoặc Word (DOCX)",
        error_messages={"required": "Chọn tệp cần kiểm tra.", "empty": "Tệp này rỗng. Chọn tệp khác."},
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tep"].help_text = f"Tối đa {file_size(settings.EVIDENCE_MAX_BYTES)}. Tệp không được lưu lại."

    def clean_tep(self) -> HashedFile:
        hashed: Any = self.cleaned_data["tep"]
        if hashed.is_too_large:
            most = file_size(settings.EVIDENCE_MAX_BYTES)
            raise ValidationError(f"Tệp lớn hơn {most}: không có thông báo nào lớn như vậy. Chọn tệp khác.")
        return HashedFile(hashed.name, hashed.size, hashed.sha256)
