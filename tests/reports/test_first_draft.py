"""First drafts: composed wholly from data, for any data, with nothing to find fault with."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings

from criteria.judgement import Judgement
from inspections.figures import UnitRow, changes
from reports import checks, compose, kinds, outline, services, telling, wording
from reports.compose import Composition
from reports.outline import Outline
from reports.wording import Charge, Earlier, FollowUp, Handling, InspectionFacts, Reason

from . import factories, told

MET, FAILED = Judgement.MET, Judgement.NOT_MET
ROUND_KINDS = ["thong-bao", "bao-cao"]


def drafted(facts, kind=kinds.NOTICE) -> tuple[Outline, wording.Palette]:
    palette = wording.palette_of(facts)
    return telling.first_draft(kinds.of(kind).outline, facts, palette), palette


def texts_of(draft, palette):
    """Every text of a draft with its figures."""
    raw = [*(part.body for part in draft.sections), *(text for _, text in draft.recommendations)]
    return [wording.fill(text, palette) for text in raw]


def words_of(facts, kind=kinds.NOTICE) -> str:
    return "\n".join(texts_of(*drafted(facts, kind)))


def row(name, *failed, code="xa", position=0, mode="on_site", criteria=7, unassessed=()):
    numbers = range(1, criteria + 1)
    verdicts = {number: FAILED if number in failed else MET for number in numbers}
    verdicts |= dict.fromkeys(unassessed, Judgement.NOT_ASSESSED)
    kind = "bản" if code.startswith("ban") else "xã"
    return UnitRow(
        position + 1, f"{kind.capitalize()} {name}", f"{kind} {name}", code, mode, criteria, verdicts, False, position,
        f"{kind}-{name}",
    )  # fmt: skip


def facts(*rows, **fields):
    codes = [code for code in told.SETS if any(item.set_code == code for item in rows)]
    defaults = {
        "year": 2031,
        "period_from": date(2031, 9, 5),
        "period_to": date(2031, 11, 25),
        "team_name": "Đoàn kiểm tra thử",
        "head_name": "Nguyễn Văn Thử",
        "head_post": "Phó Chủ tịch UBND huyện",
        "plan": told.PLAN,
        "report": told.REPORT,
        "documents": {},
        "sets": tuple(told.info_of(code, rows) for code in codes),
        "rows": tuple(replace(item, position=place) for place, item in enumerate(rows)),
        "subject": "kết quả thử",
        "communes": ("xã Nậm Cần", "xã Hố Mít"),
    }
    return wording.RoundFacts(**{**defaults, **fields})


# ---------------------------------------------------------------- any round


@pytest.mark.parametrize("kind", ROUND_KINDS)
@given(facts=told.rounds())
def test_draft_of_any_round_is_whole(kind, facts):
    draft, palette = drafted(facts, kind)
    raw = [*(part.body for part in draft.sections), *(text for _, text in draft.recommendations)]
    assert [problem for text in raw for problem in wording.problems(text, palette)] == []
    parts = {part.kind for part in draft.sections}
    assert {"preamble", "recommendations", "closing"} <= parts
    assert draft.recommendations
    for place, part in enumerate(draft.sections):
        below = draft.sections[place + 1 : place + 2]
        has_below = bool(below) and below[0].kind == "section" and below[0].level > part.level
        assert part.body or part.kind == "recommendations" or has_below, part.heading
    assert draft.sections[-1].body.endswith("./.")


@pytest.mark.parametrize("kind", ROUND_KINDS)
@given(facts=told.rounds())
def test_draft_of_any_round_reads_as_sentences(kind, facts):
    draft, palette = drafted(facts, kind)
    raw = [line for part in draft.sections for line in part.body.splitlines()]
    raw = [line for line in raw if wording.table_of(line, palette) is None] + [
        text for _, text in draft.recommendations
    ]
    prose = [wording.fill(line, palette) for line in raw]
    for line in prose:
        assert line.removeprefix("- ")[:1].isupper(), line
        assert line.endswith((".", "như sau:")), line
        assert not re.search(r"[{}]|  |\.\.(?!\.)|[,;:] ?[.;]|\( |\(\)|(?<![\d,])00 ", line), line
    sentences = [line for line in prose if len(line.split()) > 6]
    assert len(sentences) == len(set(sentences))


@pytest.fixture
def empty_draft(district):
    """A notice in the database whose text and facts a test puts in."""
    return factories.draft(district)


@pytest.mark.django_db
@pytest.mark.only_on("sqlite")  # the facts are invented; the checks ask for names alone
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=told.rounds())
def test_checks_find_nothing_in_the_draft_of_any_round(empty_draft, facts):
    scene = empty_draft
    text, _ = drafted(facts)
    text.recipients = ["UBND các xã", "Lưu: VT"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(compose, "facts_of", lambda round_, inspection: facts)
        services.replace_text(scene.notice, text, by=scene.coordinator)
        assert [str(found) for found in checks.findings(Composition(scene.notice))] == []


@given(facts=told.rounds(least=0))
def test_draft_before_anything_is_concluded_still_parses(facts):
    draft, _ = drafted(replace(facts, rows=(), communes=(), reasons=(), earlier={}))
    assert draft.sections[0].kind == "preamble"


# ---------------------------------------------------------------- what it says


def test_lists_are_sorted_and_worded_as_in_the_reference():
    told_facts = facts(row("Nậm Cần", 1, 2), row("Hố Mít"), row("Pắc Ta", 3))
    assert (
        "- Kết quả cụ thể: theo bộ tiêu chí xã nông thôn mới (*xã Hố Mít đạt 07/7 tiêu chí; "
        "xã Pắc Ta đạt 06/7 tiêu chí; xã Nậm Cần đạt 05/7 tiêu chí*)."
    ) in words_of(told_facts)


def test_general_paragraph_names_what_each_mean_is_of():
    rows = (
        row("Nậm Cần", 1),
        row("Hố Mít"),
        row("Một", code="ban-nc", criteria=5),
        row("Hai", 1, code="ban-nc", criteria=5),
    )
    assert (
        "bình quân 02 xã đạt 6,50 tiêu chí/xã, có 01/2 xã đạt tất cả các tiêu chí; thực hiện xây dựng 02 bản nông thôn "
        "mới nâng cao tại 02 xã, có 01/2 bản đạt tất cả các tiêu chí, bình quân 02 bản đạt 4,50 tiêu chí/bản."
    ) in words_of(facts(*rows))


def test_one_unit_is_told_by_name_and_never_as_a_mean():
    text = words_of(facts(row("Nậm Cần", 5), communes=("xã Nậm Cần",)))
    assert "xã Nậm Cần đạt 06/7 tiêu chí xã nông thôn mới." in text
    assert "bình quân" not in text
    assert "xã Nậm Cần chưa đạt: Trường học." in text
    assert "Chủ tịch UBND xã Nậm Cần triển khai" in text


def test_round_of_villages_speaks_of_villages():
    rows = (row("Một", code="ban", criteria=5, mode="by_report"), row("Hai", 2, code="ban", criteria=5))
    text = words_of(facts(*rows))
    assert "kiểm tra trực tiếp tại bản Hai và kiểm tra qua báo cáo bản Một." in text
    assert "thực hiện xây dựng 02 bản nông thôn mới tại 02 xã" in text


def test_a_long_list_becomes_a_table():
    rows = [row(f"Số {'A' * place}", position=place) for place in range(1, 20)]
    draft, palette = drafted(facts(*rows))
    (results,) = [part for part in draft.sections if part.heading == "NHỮNG KẾT QUẢ ĐẠT ĐƯỢC"]
    assert "{bảng xa}" in results.body.splitlines()
    assert len(wording.table_of("{bảng xa}", palette).rows) == 19


def test_what_nobody_failed_leaves_no_empty_section():
    text = words_of(facts(row("Nậm Cần"), row("Hố Mít", unassessed=(3,))))
    assert "- Qua kiểm tra, không có tiêu chí nào bị kết luận chưa đạt." in text
    assert "- Không có tiêu chí nào phải phân tích nguyên nhân." in text
    assert "Tập trung chỉ đạo" not in text


def test_lost_and_gained_criteria_are_told_by_unit():
    rows = facts(row("Nậm Cần", 1, 6), row("Hố Mít", 2)).rows
    before = [row("Nậm Cần", 2), row("Hố Mít", 2)]
    found = changes(rows, before)
    text = words_of(facts(*rows, earlier={"xa": Earlier("Kiểm tra năm trước", found)}))
    since = "- So với đợt “Kiểm tra năm trước”, theo bộ tiêu chí xã nông thôn mới, "
    assert f"{since}không duy trì được 02 lượt tiêu chí (*xã Nậm Cần: Quy hoạch, Thu nhập*)." in text
    assert f"{since}đạt thêm 01 lượt tiêu chí (*xã Nậm Cần: Giao thông*)." in text
    assert "Có giải pháp đạt lại" in text


def test_another_version_of_the_set_is_told():
    rows = facts(row("Nậm Cần", 1), row("Hố Mít")).rows
    earlier = {"xa": Earlier("Kiểm tra năm trước", changes(rows, [row("Nậm Cần")]), other_version=True)}
    assert "đối chiếu theo tiêu chí tương ứng của phiên bản trước" in words_of(facts(*rows, earlier=earlier))


def test_nothing_lost_is_not_told_at_all():
    rows = facts(row("Nậm Cần", 1), row("Hố Mít", 2)).rows
    earlier = {"xa": Earlier("Kiểm tra năm trước", changes(rows, rows))}
    assert "So với" not in words_of(facts(*rows, earlier=earlier))
    assert "So với" not in words_of(facts(*rows))


def test_reasons_are_grouped_and_the_most_frequent_comes_first():
    rows = facts(row("Nậm Cần", 5, 6), row("Hố Mít", 5), row("Pắc Ta", 5, 6)).rows
    reasons = [
        Reason("xa", 6, "xã Nậm Cần", "Thu nhập thấp."),
        *(Reason("xa", 5, name, "Chưa có  nhà đa năng; thiếu phòng học.") for name in ("xã Nậm Cần", "xã Hố Mít")),
        Reason("xa", 5, "xã Pắc Ta", "chưa có nhà đa năng; thiếu phòng học"),
        Reason("xa", 6, "xã Pắc Ta", "UBND xã chưa báo cáo."),
    ]
    assert (
        "tiêu chí chưa đạt chủ yếu do: chưa có nhà đa năng, thiếu phòng học (tiêu chí Trường học: 03 xã); "
        "thu nhập thấp (tiêu chí Thu nhập: 01 xã); UBND xã chưa báo cáo (tiêu chí Thu nhập: 01 xã)."
    ) in words_of(facts(*rows, reasons=tuple(reasons)))


def test_late_and_incomplete_dossiers_are_causes():
    handling = Handling(late=("xã Hố Mít",), asked=4, overdue=1, asked_units=("xã Nậm Cần", "xã Hố Mít"))
    text = words_of(facts(row("Nậm Cần", 1), row("Hố Mít"), handling=handling))
    assert "- Có 01 hồ sơ nộp sau thời hạn (*xã Hố Mít*)." in text
    assert "04 yêu cầu bổ sung đối với 02 hồ sơ, trong đó 01 yêu cầu trả lời sau thời hạn." in text
    assert "Nộp hồ sơ và trả lời yêu cầu bổ sung" in text


def test_agency_is_asked_about_the_criteria_it_leads_and_with_whom():
    school, office = ("Phòng Giáo dục và Đào tạo", "Phòng Nội vụ")
    given_charges = (
        Charge("noi-vu", office, {"xa": {5: 1, 7: 1}}),
        Charge("giao-duc", school, {"xa": {5: 3, 1: 1}}),
    )
    draft, palette = drafted(facts(row("Nậm Cần", 5, 7), row("Hố Mít", 5), charges=given_charges))
    asked = {addressee: wording.fill(text, palette) for addressee, text in draft.recommendations[:2]}
    lead = "Hướng dẫn các xã hoàn thành tiêu chí phụ trách: "
    assert asked == {
        school: f"{lead}Trường học (02/2 xã, cùng {office}).",
        office: f"{lead}Y tế (01/2 xã).",
    }
    assert [addressee for addressee, _ in draft.recommendations[2:]] == ["Ủy ban nhân dân các xã"] * 2


def test_what_is_undone_is_carried_over_to_its_addressee_once():
    undone = (
        FollowUp(2, "Phòng Nội vụ", "Tham mưu ban hành kế hoạch."),
        FollowUp(
            5, "Ủy ban nhân dân các xã", "Củng cố hồ sơ (tiếp tục thực hiện kiến nghị tại Thông báo số 03/TB-ĐKT)."
        ),
    )
    told_facts = facts(row("Nậm Cần", 5), row("Hố Mít"), previous=told.BEFORE, follow_ups=undone)
    draft, palette = drafted(told_facts)
    asked = [(addressee, wording.fill(text, palette)) for addressee, text in draft.recommendations]
    mark = "(tiếp tục thực hiện kiến nghị tại Thông báo số 08/TB-ĐKT)."
    assert asked[0] == ("Phòng Nội vụ", f"Tham mưu ban hành kế hoạch {mark}")
    assert asked[-1] == (undone[1].addressee, undone[1].text)
    assert "- Còn 02 kiến nghị tại Thông báo số 08/TB-ĐKT ngày 05/12/2030 chưa thực hiện xong." in words_of(told_facts)


def test_what_is_done_is_told_with_who_did_it_and_the_notice_is_cited_in_full_once():
    done = (FollowUp(1, "Phòng Nội vụ", "Tham mưu ban hành kế hoạch."),)
    undone = (FollowUp(2, "Ủy ban nhân dân các xã", "Củng cố hồ sơ."),)
    words = words_of(facts(row("Nậm Cần", 5), row("Hố Mít"), previous=told.BEFORE, follow_ups=undone, followed=done))
    assert "- Đã thực hiện 01 kiến nghị tại Thông báo số 08/TB-ĐKT ngày 05/12/2030." in words
    assert "- Phòng Nội vụ đã thực hiện kiến nghị: “Tham mưu ban hành kế hoạch”." in words
    assert "- Còn 01 kiến nghị tại Thông báo số 08/TB-ĐKT chưa thực hiện xong." in words


def test_criteria_are_named_together_with_all_that_are_as_hard():
    rows = [row(f"X{'a' * place}", 1, 2, 3, 4, 5, 6, 7) for place in range(2)]
    rows.append(row("Y", 1, 2))
    palette = wording.palette_of(facts(*rows))
    assert palette["tiêu chí chưa đạt xa"].value == "Quy hoạch (03/3 xã), Giao thông (03/3 xã), " + ", ".join(
        f"{name} (02/3 xã)" for name in told.NAMES[2:]
    )
    many = facts(*(row(f"X{'a' * place}", *range(1, 8), criteria=7) for place in range(2)))
    assert wording.palette_of(many)["tiêu chí chưa đạt xa"].value.count("02/2") == 7


# ---------------------------------------------------------------- the form of outlines


def expanded(template, *, told=(), blocks=None):
    return outline.expand(template, lambda name: (blocks or {}).get(name, []), lambda text: text in told)


def test_first_alternative_with_all_its_figures_stands():
    template = "? một\n: hai\n: ba\nbốn\n: năm"
    assert expanded(template, told=("hai", "ba")) == "hai\nbốn"
    assert expanded(template, told=("một", "hai")) == "một\nbốn"
    assert expanded(template) == "bốn"


def test_spare_line_stands_only_where_its_part_is_empty():
    template = "# MỘT\n@ khối\n! - dự phòng"
    assert expanded(template) == "# MỘT\n- dự phòng"
    assert expanded(template, blocks={"khối": ["- có"]}) == "# MỘT\n- có"


def test_empty_part_goes_with_its_heading_and_a_filled_one_keeps_those_above():
    template = "= mở đầu\nA\n# MỘT\n## Hai\n@ không\n# BA\n## Bốn\n@ có\n### Năm\n= kết thúc\nB"
    assert expanded(template, blocks={"có": ["- x"]}) == "= mở đầu\nA\n# BA\n## Bốn\n- x\n= kết thúc\nB"


def test_addressees_of_a_block_are_no_headings():
    template = "= kiến nghị KIẾN NGHỊ\n@ k\n= kết thúc\nB"
    assert expanded(template, blocks={"k": ["## Nơi", "- việc"]}).splitlines()[1:3] == ["## Nơi", "- việc"]
    assert expanded(template) == "= kết thúc\nB"


# ---------------------------------------------------------------- tables


def test_table_in_a_sentence_is_a_problem():
    palette = wording.palette_of(facts(row("Nậm Cần"), row("Hố Mít")))
    assert wording.problems("Xem {bảng xa}.", palette) == ["Bảng {bảng xa} phải đứng riêng một dòng."]
    assert wording.problems("Mở đầu:\n {bảng xa} \nKết.", palette) == []


def test_minutes_facts_never_name_a_figure_that_is_not_there():
    inspection = InspectionFacts("xã Nậm Cần", "on_site", None, (), (), ())
    draft, palette = drafted(facts(inspection=inspection, communes=("xã Nậm Cần",)), "bien-ban")
    assert [found for part in draft.sections for found in wording.problems(part.body, palette)] == []
