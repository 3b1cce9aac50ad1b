"""Texts that mean harm, or only too much: plain text or a sentence, no request to anywhere, and the next job runs."""

import re
import socket
import threading
import time
from dataclasses import replace

import pytest

from reports import renderer
from reports.content import Dash, Paragraph, Section, Table, parse_blocks

MEGABYTE = 1024**2


@pytest.fixture
def listener():
    """A server on this machine that only counts who calls: (its address, the calls)."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        is_over = threading.Event()

        def listen():
            while not is_over.is_set():
                try:
                    stream, _ = server.accept()
                except TimeoutError:
                    continue
                calls.append(stream)
                stream.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", calls
        is_over.set()
        thread.join()


def everywhere(sample, text):
    """A document with the text in each of its fields."""
    blocks = (Paragraph(text), Dash(text), Table(text, (text, text), ((text, text),)))
    signature = replace(sample.signature, authority=(text,), post=text, name=text)
    return replace(
        sample,
        parent=(text,),
        issuer=(text,),
        place=text,
        subject=text,
        preamble=blocks,
        sections=(Section(1, text, blocks), Section(2, text), Section(3, text)),
        closing=blocks,
        signature=signature,
        cosigner=signature,
        recipients=(text,),
    )


FORMS = (
    "<img src={}/a.png>",
    "<link rel=stylesheet href={}/a.css>",
    "<style>@import url({}/a.css)</style>",
    "url({}/a.png)",
    "<iframe src={}></iframe>",
    "{}/a",
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM '{}/a'>]><a>&b;</a>",
    "<svg><image href={}/a.png /></svg>",
    "{{% include '{}' %}}{{{{ settings.SECRET_KEY }}}}",
)


@pytest.mark.parametrize("form", FORMS)
def test_addresses_in_any_field_are_text_and_nobody_is_called(form, sample, printed, text_of, listener):
    address, calls = listener
    hostile = form.format(address)
    text = text_of(printed(everywhere(sample, hostile)))
    assert text.replace(" ", "").count(hostile.replace(" ", "")) >= 15
    assert calls == []


@pytest.mark.parametrize("form", FORMS[:3])
def test_the_listener_hears_who_calls(form, listener):
    """Else the tests above prove nothing: with WeasyPrint's own fetcher the same forms do call."""
    import weasyprint

    address, calls = listener
    page = weasyprint.HTML(string=form.format(address))
    page.write_pdf()
    assert calls


def test_files_named_in_a_text_are_not_read(sample, printed, text_of):
    text = text_of(printed(everywhere(sample, "<a rel=attachment href=file:///etc/hostname>file:///etc/passwd</a>")))
    assert "file:///etc/passwd" in text
    assert "root:" not in text


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\x1b", "\u202e", "\u200b", "\ufeff", "\ud800", "\x85"])
def test_signs_that_control_are_dropped_from_what_is_typed_and_refused_elsewhere(sign, sample, printed, text_of):
    typed = parse_blocks(f"Xã Nậm{sign} Cần đạt")
    assert "Xã Nậm Cần đạt" in text_of(printed(replace(sample, preamble=typed)))
    with pytest.raises(renderer.RenderError, match="không có ký tự|ký tự hỏng"):
        printed(replace(sample, preamble=(Paragraph(f"Xã Nậm{sign} Cần"),)))


@pytest.mark.parametrize(
    "where", ["preamble", *(pytest.param(name, marks=pytest.mark.long) for name in ("recipients", "subject", "cell"))]
)
def test_ten_megabytes_are_refused_before_they_are_printed(where, sample, printed):
    text = "Một đoạn văn. " * (10 * MEGABYTE // 14)
    fields = {
        "preamble": {"preamble": (Paragraph(text),)},
        "recipients": {"recipients": (text,)},
        "subject": {"subject": text},
        "cell": {"preamble": (Table("", ("A",), ((text,),)),)},
    }[where]
    with pytest.raises(renderer.RenderError, match="quá dài: giới hạn 4 MB"):
        printed(replace(sample, **fields))
    assert printed(sample).startswith(b"%PDF")


def test_a_row_taller_than_a_page_and_endless_words_are_printed(sample, printed, text_of):
    tall = Table("", ("A", "B"), (("một " * 4000, "cạnh"), ("sau", "cùng")))
    endless = Paragraph("a/" * 3000 + "z" * 3000)
    text = text_of(printed(replace(sample, preamble=(tall, endless))))
    assert text.count("một") == 4000
    assert "sau cùng" in text
    assert text.count("z") == 3000


@pytest.mark.parametrize("text", ["a" * 300_000, "a/" * 150_000, "*" * 300_000, "* " * 150_000, "*a" * 150_000])
def test_an_endless_word_is_taken_apart_in_no_time(text):
    """What happens in the web worker must not grow with the square of a text."""
    began = time.process_time()
    assert sum(len(piece.text) for piece in Paragraph(text).pieces) > 100_000
    assert time.process_time() - began < 2


@pytest.mark.parametrize("words", ["MỘT " * 20_000, "A" * 300_000])
def test_an_endless_letterhead_is_divided_in_no_time(words, sample):
    began = time.process_time()
    assert "".join(replace(sample, issuer=(words,)).issuer_rows).replace(" ", "") == words.replace(" ", "")
    assert time.process_time() - began < 3


@pytest.mark.long
@pytest.mark.parametrize(
    "blocks",
    [
        [Paragraph(f"Đoạn thứ {place}.") for place in range(10_000)],
        [Table("", ("A", "B"), tuple((str(place), "đạt") for place in range(10_000)))],
        [Table("", tuple(map(str, range(400))), (tuple(map(str, range(400))),) * 30)],
        [Paragraph("*a* " * 100_000)],
        [Paragraph("a" * 200_000)],
        [Paragraph("Một đoạn văn rất dài. " * 40_000)],
    ],
    ids=["10,000 paragraphs", "10,000 rows", "400 columns", "italics", "one word", "one paragraph"],
)
def test_too_much_is_printed_or_refused_and_the_next_job_runs(blocks, sample, printed):
    try:
        outcome = printed(replace(sample, preamble=tuple(blocks)))[:4].decode()
    except renderer.RenderError as refusal:
        outcome = str(refusal)
    assert re.search("^%PDF|quá 60 giây|không đủ bộ nhớ|bị ngắt khi in", outcome)
    assert printed(sample).startswith(b"%PDF")
