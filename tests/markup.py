"""Markup as an attacker types it, and what tells whether a page took it for its own."""

import re
from html.parser import HTMLParser

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
TEMPLATE = "{{ settings.SECRET_KEY }}{% debug %}"
PAYLOAD = f"{SCRIPT}{IMAGE}{TEMPLATE}"


class InlineFinder(HTMLParser):
    """Collects what the policy would stop, which means that somebody wrote it or slipped it in."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if (tag == "script" and "src" not in named and named.get("type") != "application/json") or tag == "style":
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in named if name == "style" or name.startswith("on")]
        self.found += [f"{tag} {value}" for value in named.values() if (value or "").strip().startswith("javascript:")]


def is_html(answer) -> bool:
    return answer.headers.get("Content-Type", "").startswith("text/html")


def breaches(answer) -> list[str]:
    if not is_html(answer):
        return []
    finder = InlineFinder()
    finder.feed(answer.body.decode())
    # A file to be saved brings its own style, for it is opened where no policy of ours holds; nothing else.
    is_saved = answer.headers.get("Content-Disposition", "").startswith("attachment")
    return [found for found in finder.found if not (is_saved and found == "style")]


class FieldFinder(HTMLParser):
    """Names of the text fields of a page, form by form: [(address, {name: value})]."""

    def __init__(self):
        super().__init__()
        self.forms, self.fields, self.select = [], None, None

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "form" and named.get("method", "").lower() == "post":
            self.fields = {}
            self.forms.append((named.get("action", ""), self.fields))
        name = named.get("name")
        if self.fields is None or not name:
            self.select = self.select if tag == "option" else None
        elif tag == "textarea":
            self.fields[name] = PAYLOAD
        elif tag == "input" and named.get("type", "text") in ("text", "search", "email", "tel"):
            self.fields[name] = self.value_of(named)
        elif tag == "input" and named.get("type") == "hidden":
            self.fields[name] = named.get("value", "")
        elif tag == "input" and named.get("type") in ("radio", "checkbox"):
            self.fields.setdefault(name, named.get("value", "on"))
        elif tag == "select":
            self.select = name
        if tag == "option" and self.select and named.get("value"):
            self.fields.setdefault(self.select, named["value"])

    @staticmethod
    def value_of(named):
        """Numbers and days keep what is there, so that the form is taken and the text stored."""
        given = named.get("value", "")
        is_number = named.get("inputmode") in ("decimal", "numeric")
        return given if is_number or re.fullmatch(r"\d\d/\d\d/\d{4}", given) else PAYLOAD

    def handle_endtag(self, tag):
        if tag == "form":
            self.fields = None
