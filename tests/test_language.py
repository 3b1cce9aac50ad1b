"""The words people see: Vietnamese, composed, spelled as the documents are, never addressing the reader as "bạn".

Words are taken from where they are written (templates, code, scripts, data) and from the pages as they are drawn.
"""

import ast
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from .doors import DOORS
from .doorstep import url_of

BASE = Path(settings.BASE_DIR)
APPS = ("communes", "criteria", "inspections", "reports", "ntm_portal")
FILES = sorted(
    path
    for folder in (*APPS, "templates")
    for path in (BASE / folder).rglob("*")
    if path.suffix in (".py", ".html", ".js", ".css", ".csv", ".toml", ".txt", ".md")
)
# The API and its page speak to programs, in their words.
PAGES = [
    name
    for name, door in DOORS.items()
    if "GET" in door.methods and door.may and not name.startswith(("admin:", "api:"))
]

# {what is wrong: what it should be}; the first ones are errors of the scanned notice.
MISSPELT = {
    r"Nậm Cắn": "Nậm Cần",
    r"Trung Đông\b": "Trung Đồng",
    r"Hồ Mít": "Hố Mít",
    r"phần đầu đạt": "phấn đấu đạt",
    r"trùng xuống": "chùng xuống",
    r"\b[Hh]àng (tháng|năm|ngày|quý|tuần)\b": "hằng tháng, hằng năm …",
    r"chúng chỉ\b": "chứng chỉ",
    r"\b[Mm]inh chúng\b": "minh chứng",
    r"\b[Tt]hông bao\b": "thông báo",
    r"\b[Kk]iểm trả\b": "kiểm tra",
    r"\b[Đđ]ẫ\b": "đã",
    r"\b[Ss]át nhập": "sáp nhập",
    r"\b[Bb]ổ xung": "bổ sung",
    r"\b[Ss]ử lý\b": "xử lý",
    r"\b[Xx]ử dụng": "sử dụng",
    r"\b[Cc]hỉnh xửa": "chỉnh sửa",
    r"\b[Đđ]ường xá\b": "đường sá",
    r"\bkết lu(ậ|â)(?!n)": "kết luận",
    r"\bnghị đinh\b": "nghị định",
    r"\bQuyết đinh\b": "Quyết định",
    r"\b[Tt]hẫm": "thẩm",
    r"\b[Ll]ãnh, chỉ đạo": "lãnh đạo, chỉ đạo",
    r"Mục tiêu quốc gia": "mục tiêu quốc gia",
    r"Bộ Tiêu chí Quốc gia": "Bộ tiêu chí quốc gia",
}
# Signs are placed as in the notice: hòa, thủy, úy; "quý" has its sign where it must be.
NEW_TONES = re.compile(r"(?:o[àáảãạèéẻẽẹ]|(?<![qQ])u[ỳýỷỹỵ])(?![a-zà-ỹđ])", re.IGNORECASE)
ADDRESS = re.compile(r"\b[Bb]ạn\b(?! hàng)")
DOUBLE_SPACE = re.compile(r"(?<=[^\s.>])[  ]{2,}(?=\S)")
BEFORE_STOP = re.compile(r"[a-zà-ỹđ] [,;:?!](?=\s|$)|[a-zà-ỹđ] \.(?=\s|$)", re.IGNORECASE)
ENGLISH = re.compile(
    r"\b(submit|save|cancel|delete|log ?in|log ?out|sign in|upload|download|file|error|warning|search|home|dashboard|"
    r"password|username|status|draft|next|previous|back|edit|add|remove|view|click|please|none|true|false|null|"
    r"undefined|nan|todo|lorem|ipsum|required|invalid|choice|select|choose|select|this field|round|dossier|commune|"
    r"criterion|evidence|review|approve|reply|notice|user|admin|page|first|last|loading|success|failed|not found|"
    r"yes|on_site|by_report|pass_fail|compound|rate|object at 0x)\b",
    re.IGNORECASE,
)
# English by name, or part of what somebody typed in the scene.
FOREIGN_NAMES = re.compile(
    r"SHA-256|[\w.-]+\.pdf|[\w.-]+@[\w.-]+|zq\w+zq|bộ \w+|bản (own|near|far)|\w+(-\w+)+", re.IGNORECASE
)


def has_vietnamese(text: str) -> bool:
    return any(unicodedata.combining(mark) for mark in unicodedata.normalize("NFD", text)) or "đ" in text.lower()


def faults(text: str) -> list[str]:
    """What is wrong with a piece of visible text."""
    found = [f"{match.group()!r}: {right}" for wrong, right in MISSPELT.items() for match in re.finditer(wrong, text)]
    found += [f"{match.group()!r}: sign on the other vowel" for match in NEW_TONES.finditer(text)]
    found += ["addresses the reader as bạn"] if ADDRESS.search(text) else []
    found += ["two spaces"] if DOUBLE_SPACE.search(text) else []
    found += [f"{match.group()!r}: space before a stop" for match in BEFORE_STOP.finditer(text)]
    return found


# A formset says how many rows it has; only a forged request leaves that out.
NO_ROWS = {
    f"{prefix}-{name}_FORMS": "0"
    for prefix in ("minh-chung", "thanh-phan", "nguong", "kien-nghi")
    for name in ("TOTAL", "INITIAL")
}
# Never shown to anybody: the end of a chain of the journal, and typing not yet gathered into an event.
NOT_SHOWN = {"ChainHead", "DraftChange", "VisitChange"}
# Indicators are quoted from the decrees, which write "hàng năm" here and there.
QUOTED = ("criteria", "data")


# ---------------------------------------------------------------- as it is written


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BASE)))
def test_file_is_composed_text(path):
    text = path.read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    # The byte order mark, the soft hyphen and the spaces of no width are never seen and break every search.
    assert not re.search("[\ufeff\u00ad\u200b\u200c\u2060]", text)


def strings_of(path: Path) -> list[tuple[int, str]]:
    """(line, text) of every Vietnamese string of a module that is not a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docs
        and has_vietnamese(node.value)
    ]


PYTHON = [path for path in FILES if path.suffix == ".py" and "migrations" not in path.parts]
TEMPLATES = [path for path in FILES if path.suffix == ".html"]
# The list of wrong wordings, each beside the right one.
WRONG_ON_PURPOSE = BASE / "reports" / "checks" / "words.toml"
TOLD = [path for path in FILES if path.suffix in (".js", ".csv", ".toml", ".txt") and path != WRONG_ON_PURPOSE]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(BASE)))
def test_words_in_code_are_spelled_well(path):
    assert [(line, text[:60], wrong) for line, text in strings_of(path) for wrong in faults(text)] == []


TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
SAID_IN_TAG = re.compile(r"[\w]+=\"([^\"]*)\"")
SAID_IN_ATTRIBUTE = ("alt", "title", "aria-label", "placeholder", "data-label", "value", "data-ntm-key-label")


class Reader(HTMLParser):
    """Collects what is seen or read out: texts and speaking attributes; scripts and styles left aside."""

    def __init__(self):
        super().__init__()
        self.found, self.silent = [], 0

    def handle_starttag(self, tag, attrs):
        self.silent += tag in ("script", "style")
        named = dict(attrs)
        hidden = named.get("type") in ("hidden", "radio", "checkbox") or tag == "option"
        self.found += [
            named[name] for name in SAID_IN_ATTRIBUTE if named.get(name) and not (name == "value" and hidden)
        ]

    def handle_endtag(self, tag):
        self.silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.silent and data.strip():
            self.found += [line.strip() for line in data.splitlines() if line.strip()]


def read(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    return reader.found


def said(source: str) -> list[str]:
    """What a template says itself; a figure stands where it puts a value in, a bar where it decides."""
    in_tags = [text for tag in TAG.findall(source) for text in SAID_IN_TAG.findall(tag) if has_vietnamese(text)]
    return read(TAG.sub(lambda tag: "1" if tag.group().startswith("{{") else "|", source)) + in_tags


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE)))
def test_words_in_templates_are_spelled_well(path):
    texts = said(path.read_text(encoding="utf-8"))
    assert [(text[:60], wrong) for text in texts for wrong in faults(text)] == []


@pytest.mark.parametrize("path", TOLD, ids=lambda path: str(path.relative_to(BASE)))
def test_words_in_scripts_and_data_are_spelled_well(path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    found = [(number, wrong) for number, line in lines for wrong in faults(line.strip()) if "spa" not in wrong]
    is_quoted = path.relative_to(BASE).parts[:2] == QUOTED
    assert [(number, wrong) for number, wrong in found if not (is_quoted and "hằng" in wrong)] == []


@pytest.mark.parametrize("label", APPS[:-1])
def test_models_name_themselves_and_their_fields_in_vietnamese(label):
    """The administration site shows these; a name that Django made up would be English."""
    made_up = []
    for model in apps.get_app_config(label).get_models():
        if model._meta.auto_created or model.__name__ in NOT_SHOWN:
            continue
        for field in model._meta.get_fields():
            name = str(getattr(field, "verbose_name", ""))
            if name and name == field.name.replace("_", " ") and name not in ("id",):
                made_up.append(f"{model.__name__}.{field.name}")
        if str(model._meta.verbose_name) == re.sub(r"(?<!^)(?=[A-Z])", " ", model.__name__).lower():
            made_up.append(model.__name__)
    assert made_up == []


# ---------------------------------------------------------------- as it is drawn


class TestDrawn:
    # The words of a page are the same on any database.
    pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]

    @pytest.fixture(autouse=True)
    def plain_settings(self, lasting_settings):
        """Those of the scene."""

    @pytest.mark.parametrize("name", PAGES)
    def test_page_speaks_vietnamese(self, name, scene, knock):
        door = DOORS[name]
        answer = knock(sorted(door.may)[0], url_of(door, scene), "GET")
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            return
        html = answer.body.decode()
        assert unicodedata.is_normalized("NFC", html)
        texts = [FOREIGN_NAMES.sub("", text) for text in read(html)]
        english = [text for text in texts if ENGLISH.search(text)]
        assert english == []
        assert [(text[:60], wrong) for text in texts for wrong in faults(text) if "spa" not in wrong] == []

    @pytest.mark.parametrize("name", [name for name in PAGES if "POST" in DOORS[name].methods])
    def test_form_sent_empty_complains_in_vietnamese(self, name, scene, knock):
        """Django's own sentences say "bạn"; what a person sees must not."""
        door = DOORS[name]
        forged = {"version": "x", "number": "x", "on": "x", "code": "?", "valid_from": "x", "email": "x", **NO_ROWS}
        answer = knock(sorted(door.may)[0], url_of(door, scene), "POST", forged)
        if answer.status_code == 302:
            return
        texts = [FOREIGN_NAMES.sub("", text) for text in read(answer.body.decode())]
        assert [text for text in texts if ENGLISH.search(text) or ADDRESS.search(text)] == []


# ---------------------------------------------------------------- these checks can fail


@pytest.mark.parametrize(
    "text",
    [
        "xã Nậm Cắn", "Hàng tháng", "khoẻ", "uỷ ban", "hoà nhập", "Xin chào bạn", "hai  khoảng trống", "bổ xung",
        "thừa trống , ở đây", "thuỷ lợi", "TOÀ NHÀ, UỶ BAN",
    ],
)  # fmt: skip
def test_fault_is_found(text):
    assert faults(text) != []


@pytest.mark.parametrize(
    "text",
    ["xã Nậm Cần", "hằng tháng", "khỏe", "ủy ban", "quý I", "toàn xã", "khoản 2, điều 3.", "quy hoạch", "CỘNG HÒA"],
)
def test_good_text_has_no_fault(text):
    assert faults(text) == []


def test_text_of_a_template_is_read_with_its_attributes():
    html = (
        '<p title="Xin chào bạn">{% include "x.html" with title="uỷ ban" only %}Một {{ x }}<script>var bạn</script></p>'
    )
    assert said(html) == ["Xin chào bạn", "|Một 1", "uỷ ban"]
    assert ENGLISH.search("Not found")
