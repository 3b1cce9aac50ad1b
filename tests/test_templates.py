"""All templates: they compile, each is used, and none opens the way for markup, scripts or styles of others."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template

BASE = Path(settings.BASE_DIR)
ROOT = BASE / "templates"
TEMPLATES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
APPS = ("communes", "criteria", "inspections", "reports", "ntm_portal")
# Found by Django and its apps under these names.
BY_CONVENTION = {
    "404.html", "500.html", "403.html", "400.html", "admin/base_site.html", "django/forms/field.html",
    "registration/login.html",
}  # fmt: skip
# The header of every page needs request, user and the frame's context.
WITH_ALL_CONTEXT = {("base.html", "components/_header.html")}
# WeasyPrint lays out these, or they are handed out as files: no address of the portal ever shows them.
PRINTED = re.compile(r"^(reports/pdf|reports/html|demo)/")

NAMED = re.compile(r"""\{%\s*(?:include|extends)\s+["']([^"']+)["']""")
INCLUDE = re.compile(r"""\{%\s*include\s+["']([^"']+)["'](.*?)%\}""", re.DOTALL)
UNSAFE = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|\{%\s*autoescape\s+off|mark_safe")
INLINE = re.compile(
    r"\sstyle\s*=|<style\b|\son[a-z]+\s*=\s*[\"']|<script\b(?![^>]*\ssrc=)|javascript:|<iframe\b|<object\b|<embed\b",
    re.IGNORECASE,
)
# Quotation marks that tell the browser where a value ends must be there.
UNQUOTED = re.compile(r"<[a-z][^<>]*?\s[\w-]+=\{\{")
OUTSIDE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""")


def source(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named_in_code() -> set[str]:
    """Names of templates in the code; one that is put together (f-string) stands for all that fit it."""
    found = set()
    for path in (path for app in APPS for path in (BASE / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html"):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (item.value if isinstance(item, ast.Constant) else "*" for item in node.values)
                pattern = "".join(map(str, parts))
                if pattern.endswith(".html"):
                    found |= {name for name in TEMPLATES if Path(name).match(pattern)}
    return found


def unused(templates, code) -> list[str]:
    named = {other for text in templates.values() for other in NAMED.findall(text)}
    return sorted(set(templates) - named - code - BY_CONVENTION)


def open_includes(name: str, text: str) -> list[str]:
    """Includes that hand over everything instead of what they name."""
    return [
        f"{name}: {other}"
        for other, rest in INCLUDE.findall(text)
        if rest.split()[-1:] != ["only"] and (name, other) not in WITH_ALL_CONTEXT
    ]


def places(pattern, names=TEMPLATES) -> list[str]:
    return [f"{name}: {found.group()}" for name in names for found in pattern.finditer(source(name))]


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name):
    get_template(name)


def test_every_template_is_used():
    assert unused({name: source(name) for name in TEMPLATES}, named_in_code()) == []


def test_every_included_template_exists():
    wanted = {other for name in TEMPLATES for other in NAMED.findall(source(name))}
    assert {name for name in wanted if not (ROOT / name).is_file() and not name.startswith("admin/")} == set()


def test_includes_name_what_they_hand_over():
    assert [place for name in TEMPLATES for place in open_includes(name, source(name))] == []


def test_forms_by_post_carry_their_token():
    form = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)
    lacking = [name for name in TEMPLATES for text in form.findall(source(name)) if "csrf_token" not in text]
    assert lacking == []


def test_nothing_is_drawn_without_escaping():
    assert places(UNSAFE) == []


def test_no_template_holds_inline_script_or_style():
    assert places(INLINE, [name for name in TEMPLATES if not PRINTED.match(name)]) == []


def test_values_of_attributes_stand_in_quotation_marks():
    assert places(UNQUOTED) == []


def test_nothing_is_fetched_from_elsewhere():
    assert places(OUTSIDE) == []


def test_templates_and_code_escape_by_hand_nowhere():
    """`mark_safe` with anything but a fixed text is how a hole comes into code."""
    calls = [
        (path, node)
        for path in (path for app in APPS for path in (BASE / app).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "mark_safe"
    ]
    assert [
        f"{path.relative_to(BASE)}:{node.lineno}"
        for path, node in calls
        if not all(isinstance(item, ast.Constant) for item in node.args)
    ] == []


# ---------------------------------------------------------------- these checks can fail


def test_an_unused_template_is_found():
    assert unused({"a.html": '{% include "b.html" only %}', "b.html": ""}, {"x.html"}) == ["a.html"]


def test_an_open_include_is_found():
    assert open_includes("a.html", '{% include "b.html" with x=y %}{% include "c.html" only %}') == ["a.html: b.html"]


@pytest.mark.parametrize(
    "text",
    ['<p style="x">', '<a onclick="x">', "<script>x</script>", '<a href="javascript:x">', "<style>"],
)
def test_an_inline_script_or_style_is_found(text):
    assert INLINE.search(text)


@pytest.mark.parametrize("text", ["{{ x|safe }}", "{{ x | safe }}", "{% autoescape off %}"])
def test_missing_escaping_is_found(text):
    assert UNSAFE.search(text)


def test_a_broken_template_does_not_compile():
    with pytest.raises(TemplateSyntaxError):
        Template("{% if x %}").render(Context())
