"""The client and its process: started once, found by all, replaced when gone, ended when told."""

import io
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import pytest

from reports import renderer, wire

from ..processes import making_words
from ..processes import printing as process_ids
from ..waiting import wait_until

pytestmark = pytest.mark.long

PAGE = "<!DOCTYPE html><html lang='vi'><title>Thử</title><body><p>{}</p></body></html>"


@pytest.fixture
def own_renderer(tmp_path, settings, monkeypatch):
    """A renderer of this test alone; gone at its end."""
    settings.DATA_DIR = tmp_path
    yield monkeypatch
    renderer.stop()
    assert not renderer.is_running()


def word_process_id():
    (pages,) = process_ids()
    return making_words(pages)


def test_first_callers_at_once_start_one_process(own_renderer):
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(renderer.render(PAGE.format(n), "notice_v1")))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert all(answer.startswith(b"%PDF") for answer in answers)
    assert len(process_ids()) == 1


def test_socket_and_lock_are_closed_to_others(own_renderer):
    renderer.render(PAGE.format("x"), "notice_v1")
    assert stat.S_IMODE(renderer.runtime_dir().stat().st_mode) == 0o700
    for path in renderer.runtime_dir().iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_long_data_folder_gets_a_short_socket(own_renderer, tmp_path, settings):
    settings.DATA_DIR = tmp_path / ("thư-mục-rất-dài-" * 8)
    try:
        assert len(os.fsencode(renderer.socket_path())) <= renderer.LONGEST_SOCKET_PATH
        assert renderer.render(PAGE.format("x"), "notice_v1").startswith(b"%PDF")
    finally:
        renderer.stop()
        for path in renderer.runtime_dir().iterdir():
            path.unlink()
        renderer.runtime_dir().rmdir()


def test_killed_process_is_replaced(own_renderer):
    renderer.render(PAGE.format("một"), "notice_v1")
    (first,) = process_ids()
    os.kill(first, signal.SIGKILL)
    assert renderer.render(PAGE.format("hai"), "notice_v1").startswith(b"%PDF")
    assert process_ids() != [first]


def test_kill_in_the_middle_of_a_job_is_not_seen_by_the_caller(own_renderer):
    renderer.render(PAGE.format("một"), "notice_v1")
    (first,) = process_ids()
    answers = []
    long = PAGE.format("</p><p>".join(["Một đoạn văn đủ dài để mất thời gian dàn trang."] * 1500))
    thread = threading.Thread(target=lambda: answers.append(renderer.render(long, "notice_v1")))
    thread.start()
    time.sleep(0.3)
    os.kill(first, signal.SIGKILL)
    thread.join()
    assert answers[0].startswith(b"%PDF")


def test_worn_out_process_is_replaced(own_renderer):
    own_renderer.setenv("RENDER_JOBS", "2")
    seen = set()
    for number in range(5):
        assert renderer.render(PAGE.format(number), "notice_v1").startswith(b"%PDF")
        seen.update(process_ids())
    assert len(seen) >= 2


def test_slow_job_is_ended_with_a_sentence_and_the_next_one_runs(own_renderer):
    own_renderer.setenv("RENDER_JOB_SECONDS", "1")
    slow = PAGE.format("</p><p>".join(["Một đoạn văn đủ dài để mất thời gian dàn trang."] * 12_000))
    with pytest.raises(renderer.RenderError, match="quá 1 giây"):
        renderer.render(slow, "notice_v1")
    assert renderer.render(PAGE.format("x"), "notice_v1").startswith(b"%PDF")


def test_huge_text_is_refused_before_it_is_sent(own_renderer):
    with pytest.raises(renderer.RenderError, match="quá dài"):
        renderer.render(PAGE.format("a" * (10 * 1024 * 1024)), "notice_v1")
    assert not renderer.is_running()


def test_text_over_the_limit_is_refused_by_the_process(own_renderer):
    with pytest.raises(renderer.RenderError, match="giới hạn 4 MB"):
        renderer.render(PAGE.format("đ" * (3 * 1024 * 1024)), "notice_v1")
    with pytest.raises(renderer.RenderError, match="giới hạn 4 MB"):
        renderer.render(PAGE.format("x"), "notice_v1", data='"' + "đ" * (3 * 1024 * 1024) + '"')
    assert renderer.render(PAGE.format("x"), "notice_v1").startswith(b"%PDF")


def test_job_that_eats_memory_gets_a_sentence_and_the_next_one_runs(own_renderer):
    own_renderer.setenv("RENDER_MEMORY_MB", "400")
    greedy = "<svg width='9' height='9'><path d='M0 0" + "l1 1" * 900_000 + "'/></svg>"
    with pytest.raises(renderer.RenderError, match="không đủ bộ nhớ|bị ngắt khi in"):
        renderer.render(PAGE.format(greedy), "notice_v1")
    assert renderer.render(PAGE.format("x"), "notice_v1").startswith(b"%PDF")


def test_process_may_take_no_more_memory_than_allowed(own_renderer):
    own_renderer.setenv("RENDER_MEMORY_MB", "700")
    renderer.render(PAGE.format("x"), "notice_v1")
    (number,) = process_ids()
    limits = Path(f"/proc/{number}/limits").read_text()
    assert re.search(r"Max address space +734003200 +734003200 ", limits)


def test_process_that_dies_at_each_try_is_told_of_in_the_end(own_renderer):
    own_renderer.setattr(renderer.Job, "_answer", hang_up)
    with pytest.raises(renderer.RenderError, match="bị ngắt khi in văn bản này"):
        renderer.render(PAGE.format("x"), "notice_v1")


def hang_up(job):
    raise renderer._HungUp


# ---------------------------------------------------------------- pages and Word documents at once


def test_pages_and_word_document_are_made_at_once(own_renderer, sample):
    """Word's answer comes although the pages, asked for before, take longer than the whole test may."""
    renderer.to_docx(sample)
    pages = process_ids()[0]
    os.kill(pages, signal.SIGSTOP)
    try:
        with renderer.begin(PAGE.format("x"), "notice_v1") as job:
            assert zipfile.is_zipfile(io.BytesIO(renderer.to_docx(sample)))
            os.kill(pages, signal.SIGCONT)
            assert job.result().startswith(b"%PDF")
    finally:
        os.kill(pages, signal.SIGCONT)


def test_word_documents_are_made_without_their_process_too(own_renderer, sample):
    """By the other one, which then makes room for a new pair."""
    made = renderer.to_docx(sample)
    os.kill(word_process_id(), signal.SIGKILL)
    assert renderer.to_docx(sample) == made
    wait_until(lambda: not process_ids())
    assert renderer.to_docx(sample) == made
    assert word_process_id()


def test_file_that_is_fetched_late_is_made_again_where_it_was_lost(own_renderer):
    own_renderer.setattr(renderer, "RETRY_SECONDS", 0.5)
    renderer.render(PAGE.format("x"), "notice_v1")
    pages = process_ids()[0]
    os.kill(pages, signal.SIGSTOP)
    with renderer.begin(PAGE.format("x"), "notice_v1") as job:
        os.kill(pages, signal.SIGKILL)
        time.sleep(1)
        assert job.result().startswith(b"%PDF")


def test_busy_word_process_does_not_hold_up_new_pages(own_renderer, sample):
    renderer.to_docx(sample)
    os.kill(word_process_id(), signal.SIGSTOP)
    pages = process_ids()[0]
    os.kill(pages, signal.SIGKILL)
    wait_until(lambda: not is_alive(pages))
    began = time.monotonic()
    assert renderer.render(PAGE.format("x"), "notice_v1").startswith(b"%PDF")
    assert time.monotonic() - began < 10


def test_word_process_ends_with_its_owner(own_renderer, sample):
    renderer.to_docx(sample)
    words = word_process_id()
    os.kill(process_ids()[0], signal.SIGKILL)
    wait_until(lambda: not is_alive(words))
    assert renderer.to_docx(sample)


def test_word_process_outlives_a_time_without_work(own_renderer, sample):
    """As long as pages are printed it stays warm, however seldom it is asked."""
    own_renderer.setenv("RENDER_IDLE_SECONDS", "8")
    renderer.to_docx(sample)
    words = word_process_id()
    for _ in range(4):
        time.sleep(3)
        renderer.render(PAGE.format("x"), "notice_v1")
    assert word_process_id() == words


def test_job_that_is_given_up_harms_nobody(own_renderer):
    with renderer.begin(PAGE.format("x " * 20_000), "notice_v1"):
        pass
    assert renderer.render(PAGE.format("x"), "notice_v1").startswith(b"%PDF")
    assert len(process_ids()) == 1


def is_alive(number):
    try:
        return "Z" not in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_idle_process_ends_by_itself(own_renderer):
    own_renderer.setenv("RENDER_IDLE_SECONDS", "1")
    renderer.render(PAGE.format("x"), "notice_v1")
    wait_until(lambda: not process_ids())


def test_process_whose_folder_is_gone_ends_by_itself(own_renderer):
    renderer.render(PAGE.format("x"), "notice_v1")
    renderer.socket_path().unlink()
    wait_until(lambda: not process_ids())


def test_process_knows_no_secret(own_renderer):
    own_renderer.setenv("DATABASE_URL", "postgres://somebody:secret@localhost/ntm")
    renderer.render(PAGE.format("x"), "notice_v1")
    (number,) = process_ids()
    environment = Path(f"/proc/{number}/environ").read_bytes()
    assert b"FONT_DIR=" in environment
    assert b"SECRET" not in environment
    assert b"DATABASE_URL" not in environment


def test_folder_of_somebody_else_is_not_trusted(settings):
    # Not tmp_path: its name may be too long for a socket, and another folder would be taken.
    with tempfile.TemporaryDirectory() as folder:
        settings.DATA_DIR = folder
        elsewhere = Path(folder, "elsewhere")
        elsewhere.mkdir()
        Path(folder, "run").symlink_to(elsewhere)
        with pytest.raises(renderer.RenderError, match="không thuộc tài khoản"):
            renderer.render(PAGE.format("x"), "notice_v1")


def test_nonsense_on_the_wire_does_not_end_the_process(own_renderer):
    renderer.render(PAGE.format("x"), "notice_v1")
    (first,) = process_ids()
    for nonsense in (b"", b"\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x05ab"):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(str(renderer.socket_path()))
        stream.sendall(nonsense)
        stream.close()
    assert renderer.render(PAGE.format("y"), "notice_v1").startswith(b"%PDF")
    assert process_ids() == [first]


def test_frames_round_trip():
    left, right = socket.socketpair()
    with left, right:
        wire.write_frame(left, b"abc")
        assert wire.read_frame(right, 3) == b"abc"
        wire.write_frame(left, b"abcd")
        with pytest.raises(wire.TooLong):
            wire.read_frame(right, 3)


def test_check_names_the_folder_of_the_fonts():
    assert Path(renderer.check()).is_dir()


def test_module_runs_without_django():
    code = "import sys; import reports.pdf; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr
