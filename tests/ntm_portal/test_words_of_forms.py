"""What forms say of a field: the portal's words, compiled from the file that people edit."""

import re
import unicodedata

import pytest
from django import forms
from django.conf import settings
from django.utils.translation import gettext

FILE = settings.BASE_DIR / "ntm_portal" / "locale" / "vi" / "LC_MESSAGES" / "django.po"
PAIRS = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', FILE.read_text(encoding="utf-8"), re.MULTILINE)


def test_file_was_read():
    assert len(PAIRS) > 10


@pytest.mark.parametrize(("english", "ours"), PAIRS)
def test_words_are_ours_and_the_compiled_file_is_of_today(english, ours):
    assert gettext(english) == ours
    assert unicodedata.is_normalized("NFC", ours)


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        (forms.CharField(), "", "Chưa nhập mục này."),
        (forms.IntegerField(), "x", "Chỉ nhập số nguyên, ví dụ 12."),
        (forms.IntegerField(min_value=1), "0", "Phải từ 1 trở lên."),
        (forms.DateField(), "31/2/2024", "Ghi ngày dạng 05/12/2024."),
        (forms.ChoiceField(choices=[("a", "A")]), "b", "Không có lựa chọn “b”; chọn lại trong danh sách."),
        (forms.EmailField(), "x", "Địa chỉ thư điện tử chưa đúng, ví dụ: ten@coquan.gov.vn."),
    ],
)
def test_a_form_says_it(field, typed, told):
    class Form(forms.Form):
        one = field

    assert Form({"one": typed}).errors["one"] == [told]
