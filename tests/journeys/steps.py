"""What people do on many pages: typing a date, taking a task from the home page, finding an indicator."""

import re
from datetime import date

from playwright.sync_api import expect


def typed(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def open_from_navigation(page, name):
    page.get_by_role("navigation", name="Điều hướng chính").get_by_role("link", name=name).click()


def option(page, label, piece):
    """The whole words of the option that holds a piece."""
    words = page.get_by_label(label).locator("option").all_inner_texts()
    return next(text for text in words if piece in text)


def take_task(page, words):
    """Follow what waits on the home page."""
    page.goto("/")
    page.locator("li.task").filter(has_text=words).get_by_role("link").first.click()


def indicator(page, code):
    return page.get_by_role("region", name=re.compile(rf"^{re.escape(code)} "))


def saved(block):
    """Wait until the server has everything: what was typed after the first answer, too."""
    expect(block.locator("[data-ntm-save-state]")).to_contain_text("Đã lưu lúc")
    block.page.wait_for_function("() => unsent.size === 0")
