"""`make screenshots`: the pictures of the README, taken from the running portal with its demonstration data.

Starts the portal as `make run` does, with data of its own in a temporary folder, and writes to .docs/pictures/.
"""

import io
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from pypdfium2 import PdfDocument

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / ".docs" / "pictures"
PASSWORD = "Thu-cong-NTM-2025"
OFFICE = {"width": 1366, "height": 820}
PHONE = {"width": 360, "height": 740}
START_SECONDS = 300


@dataclass(frozen=True)
class Shot:
    """One picture: who looks, at what (links followed from the home page on), and how wide."""

    name: str
    user: str
    links: tuple[str, ...] = ()
    is_phone: bool = False


SHOTS = (
    Shot("officer-home", "xa.phuckhoa"),
    Shot("officer-dossier", "xa.phuckhoa", ("Xã Phúc Khoa · Xã NTM 2021-2025",)),
    Shot("officer-criterion-phone", "xa.phuckhoa", ("Xã Phúc Khoa · Xã NTM 2021-2025", "Trường học"), is_phone=True),
    Shot("round-matrix", "truongdoan", ("/dot-kiem-tra/", "Kiểm tra kết quả thực hiện")),
    Shot("overview", "lanhdao", ("/tong-quan/",)),
    Shot("notice", "dieuphoi", ("/soan-thong-bao/", "08/TB-ĐKT")),
)


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with portal() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        for shot in SHOTS:
            take(browser, address, shot)
        print_of_notice(address, browser)
        browser.close()


@contextmanager
def portal() -> Iterator[str]:
    """The portal on a free port, with fresh demonstration data, until the pictures are taken."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="ntm-pictures-") as folder:
        environment = {**os.environ, "DATA_DIR": folder, "PORT": str(port), "HOST": "127.0.0.1"}
        process = subprocess.Popen([ROOT / ".ci" / "serve"], cwd=ROOT, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/suc-khoe/", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("The portal did not start.")


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise SystemExit("Chromium is missing: sudo apt-get install --no-install-recommends chromium")
    return found


def take(browser: Browser, address: str, shot: Shot) -> None:
    context = browser.new_context(viewport=PHONE if shot.is_phone else OFFICE, locale="vi-VN")
    page = context.new_page()
    sign_in(page, address, shot.user)
    for link in shot.links:
        if link.startswith("/"):
            page.goto(address + link)
        else:
            page.locator("main").get_by_role("link", name=link).first.click()
    page.wait_for_load_state("networkidle")
    save(Image.open(io.BytesIO(page.screenshot())), shot.name)
    context.close()


def sign_in(page: Page, address: str, user: str) -> None:
    page.goto(f"{address}/dang-nhap/")
    page.locator("#id_username").fill(user)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url(f"{address}/")


def print_of_notice(address: str, browser: Browser) -> None:
    """The first page of the issued notice's PDF, as the public gets it."""
    context = browser.new_context(locale="vi-VN")
    page = context.new_page()
    page.goto(f"{address}/thong-bao/")
    page.locator("main").get_by_role("link", name="08/TB-ĐKT").first.click()
    href = page.locator("main a[href$='/pdf/']").first.get_attribute("href")
    answer = context.request.get(f"{address}{href}")
    with PdfDocument(answer.body()) as document:
        save(document[0].render(scale=1.5).to_pil(), "notice-first-page")
    context.close()


def save(picture: Image.Image, name: str) -> None:
    """Few colours make a small file; the pages have few."""
    target = PICTURES / f"{name}.png"
    picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
