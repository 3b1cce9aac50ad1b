"""No line of the layout moves unseen; how to renew the lists: golden.py."""

import pytest

from . import golden
from .samples import SAMPLES


@pytest.mark.parametrize("name", golden.NAMES)
def test_every_line_stands_where_it_stood(name, printed):
    found = golden.places(printed(SAMPLES[name]))
    kept = golden.kept(name)
    differ = [(now, before) for now, before in zip(found, kept, strict=False) if now != before]
    assert not differ, f"first of {len(differ)}: now {differ[0][0]}, before {differ[0][1]}"
    assert len(found) == len(kept)


def test_a_line_moved_by_a_fifth_of_a_millimetre_is_seen(printed):
    pdf = printed(SAMPLES["one-page"], extra="<style>.number { position: relative; left: .2mm }</style>")
    differ = [pair for pair in zip(golden.places(pdf), golden.kept("one-page"), strict=True) if pair[0] != pair[1]]
    assert [now[-1] for now, _ in differ] == ["Số: 08/TB-UBND"]
