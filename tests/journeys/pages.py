"""Every page of the portal, as it stands in the demonstration: who opens it, and where.

{name of the URL: [(user name, what of the demonstration)]}. What a line says is looked up in the demonstration's
database by `main`, run in a process of its own; one page stands for each state in which it looks different.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import File
from django.test import Client
from django.urls import reverse

from communes import clock, units
from communes import services as accounts
from communes.models import Authority, Commune, ImportRun, Membership, Recognition, User, Village
from communes.permissions import Role
from criteria import services as criteria
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment, CriteriaSet, Threshold
from inspections import services as inspections
from inspections.models import (
    Assessment,
    Dossier,
    Evidence,
    Inspection,
    InspectionRound,
    Phrase,
    Reply,
    ResultsUpload,
    ReturnItem,
    TeamMember,
    WorkbookUpload,
)
from inspections.presenters.workbook.layout import Column
from inspections.progress import set_tabs, waiting
from reports import checks
from reports import services as notices_services
from reports.compose import Composition
from reports.models import FollowUp, FollowUpNote, IssuedDocument, MonthlyReport, Notice
from reports.presenters import overview_lists
from reports.presenters.chain import Chain
from reports.presenters.tables.reading import RoundTables
from reports.services import approvals, bundles, signing
from reports.signing import Step

from ..communes import tables
from ..doors import ADMIN_MODELS
from ..inspections import factories as work
from ..inspections import result_books, workbooks
from ..reports.signing.pictures import signature_png

OFFICER, LEADER, AGENCY, INSPECTOR = "xa.phuckhoa", "lanhdao.phuckhoa", "phong.giaoduc", "kiemtra"
HEAD, COORDINATOR, VIEWER, ADMINISTRATOR, NOBODY = "truongdoan", "dieuphoi", "lanhdao", "quantri", ""
PEOPLE = (OFFICER, LEADER, AGENCY, INSPECTOR, HEAD, COORDINATOR, VIEWER, ADMINISTRATOR)
GONE, HEALTH = "xa.namso", "trungtam.yte"
OLD_ROUND, OPEN_ROUND = "TU-2024", "TU-2025-6T"

Line = tuple[str, str, dict[str, Any], str]  # (name of the URL, user name, its arguments, query)
PARTS = ("portal", "communes", "criteria", "inspections", "reports", "admin")


def part_of(name: str) -> str:
    return name.partition(":")[0] if ":" in name else "portal"


def main(what: str = "") -> Any:
    """(name of the URL, user name, address) of every page to look at; "complete" and "sessions" prepare for it."""
    if what:
        return {"complete": complete, "sessions": sessions}[what]()
    sources = (
        *(portal(), sets(), commune(), team()),
        *(overviews(), leaders(), handed_over()),
        *(notices(), admin()),
    )
    return [
        (name, who, reverse(name, kwargs=arguments) + (f"?{query}" if query else ""))
        for source in sources
        for name, who, arguments, query in source
    ]


def sessions() -> dict[str, str]:
    """{user name: key of a session}"""
    found = {}
    for user in User.objects.filter(is_active=True):
        visitor = Client()
        visitor.force_login(user)
        found[user.username] = visitor.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def complete() -> None:
    """One of what the demonstration does not hold: a title, a closed account, a round being set up, a draft notice."""
    coordinator = User.objects.get(username=COORDINATOR)
    home = Commune.objects.get(memberships__user__username=OFFICER, memberships__role=Role.COMMUNE_OFFICER)
    units.add_recognition(
        home, title=Recognition.Title.NTM, decision="12/QĐ-UBND", since=date(2024, 1, 5), by=coordinator
    )
    send_workbooks()
    send_results(coordinator)
    send_tables(coordinator)
    threshold = Threshold.objects.filter(is_confirmed_in_source=False, indicator__criteria_set__status="published")
    administrator = User.objects.get(username=ADMINISTRATOR)
    criteria.confirm_threshold(
        threshold.first(), decision="12/QĐ-UBND", article="1", on=date(2025, 6, 1), by=administrator
    )
    accounts.deactivate(User.objects.get(username=GONE), reason="Nghỉ hưu", by=coordinator)
    running = InspectionRound.objects.get(code=OPEN_ROUND)
    # All entered, proof only advised missing: ready to be handed in.
    ready = Dossier.objects.with_context().filter(status="draft", criteria_set__code="xa-ntm").last()
    work.fill(ready, by=User.objects.get(username=officer_of(ready)), with_evidence=False)
    new_round("TU-MOI", running, home, coordinator)
    visit()
    agree_on_criterion()
    draft = notices_services.create_notice(running, by=coordinator)
    written = next(row for row in draft.sections.order_by("position") if row.kind == "section" and row.body)
    notices_services.keep_text(written, title="Kết quả chung", by=coordinator)
    issued = Notice.objects.public().with_context().get(status=Notice.Status.ISSUED)
    notices_services.start_replacement(issued, reason="Viết sai tên xã", by=coordinator)
    # Something for the checks to find that may be accepted.
    notices_services.add_section(draft, after=None, level=2, heading="Việc của Ban chỉ đạo", by=coordinator)
    # Opened and approved without what that asks for: only the notice's pages are looked at.
    other, head = new_round("TU-NHO", running, home, coordinator), User.objects.get(username=HEAD)
    inspections.add_member(other, head, by=coordinator, position=TeamMember.Position.HEAD)
    InspectionRound.objects.filter(pk=other.pk).update(status="open", opened_by=coordinator, opened_at=clock.now())
    other.refresh_from_db()
    approved = notices_services.create_notice(other, by=coordinator)
    approvals.keep(Composition(approved), by=head)
    written = next(row for row in approved.sections.order_by("position") if row.kind == "section" and row.body)
    notices_services.save_section(
        written, heading=written.heading, body="Viết lại sau khi phê duyệt.", version=written.version, by=coordinator
    )
    digest = notices_services.approved_digest(Composition(Notice.objects.with_context().get(pk=approved.pk)))
    Notice.objects.filter(pk=approved.pk).update(
        status=Notice.Status.APPROVED, approved_by=head, approved_at=clock.now(), approved_sha256=digest
    )
    signing.start_signing(Notice.objects.with_context().get(pk=approved.pk), by=coordinator)
    signing.prepare_step(
        Notice.objects.with_context().get(pk=approved.pk), Step.LEADER, image=signature_png(), by=coordinator
    )


def send_tables(coordinator: User) -> None:
    """A preview with every kind of row, an import that was taken, and one that waits for the worker."""
    commune = Commune.objects.filter(code="03601", valid_to=date(2025, 6, 30)).get()
    village = Village.objects.filter(commune__authority=commune.authority).first()
    rows = [
        tables.village(f"{commune.code}-81", since="01/01/2024"),
        tables.village(f"{commune.code}-82", since="01/01/2024", of="Mường Khóa"),
        tables.village(village.code, "Tên khác", since=f"{village.valid_from:%d/%m/%Y}", kind="thôn"),
        tables.village(3601, since="2024"),
    ]
    tables.start(tables.book(*rows), coordinator, name="thon-ban.xlsx")
    taken = tables.start(tables.book(tables.village(f"{commune.code}-83", since="01/01/2024")), coordinator)
    tables.confirm(taken, coordinator)
    newcomer = tables.people(("moi.thu", "Lò Thị Mới", "Công chức xã", commune.code))
    tables.confirm(tables.start(newcomer, coordinator, "nguoi-dung", name="nguoi-dung.xlsx"), coordinator)
    ready = tables.village(f"{commune.code}-84", since="01/01/2024")
    tables.start(tables.book(ready), coordinator, name="san-sang.xlsx")
    left = tables.start(tables.book(ready), coordinator, name="dang-chay.xlsx")
    ImportRun.objects.filter(pk=left.pk).update(status="checking", touched_at=None, total=900, done=300)


def tables_in_and_out() -> Iterator[Line]:
    yield "communes:exchange", COORDINATOR, {}, ""
    yield "communes:exchange-import", COORDINATOR, {"kind": "thon-ban"}, ""
    yield "communes:exchange-import", COORDINATOR, {"kind": "bo-tieu-chi"}, ""
    for run in ImportRun.objects.order_by("uploaded_at"):
        yield "communes:import-detail", COORDINATOR, {"pk": run.pk}, ""
        if run.status == "done":
            yield "communes:import-undo", COORDINATOR, {"pk": run.pk}, ""
        if run.kind == "nguoi-dung":
            yield "communes:import-passwords", COORDINATOR, {"pk": run.pk}, ""


def send_workbooks() -> None:
    """Three that wait: with changes and a conflict, with faults, with nothing new."""
    dossier = Dossier.objects.with_context().filter(status="draft", criteria_set__code="xa-ntm").first()
    officer = User.objects.get(username=officer_of(dossier))
    content = workbooks.downloaded(dossier, officer)
    changed = {("2.1", Column.NUMBER): 3, ("2.2", Column.REMARK): "Theo bảng tính.", ("2.3", Column.REMARK): None}
    work.enter(dossier, "2.2", by=officer, remark="Sửa trên cổng.")
    wrong = {("2.1", Column.NUMBER): "nhiều", ("2.2", Column.WHOLE): "=1+1"}
    for name, edits in (("a.xlsx", changed), ("b.xlsx", wrong), ("c.xlsx", {})):
        workbooks.kept(workbooks.edited(content, edits), dossier, officer, name)


def send_results(coordinator: User) -> None:
    """A past round that came in as a workbook; another workbook for it that waits, and one with faults."""
    home = InspectionRound.objects.get(code=OLD_ROUND)
    unit = home.units.filter(set_code="xa-ntm").select_related("commune").first()

    def rows(*marks: str) -> list[list]:
        return result_books.table((unit.commune.code, unit.commune.name, *marks), criteria=19)

    columns = result_books.past(home.authority)
    result_books.taken(
        result_books.order(result_books.sheet("xa-ntm", rows(*["Đ"] * 18, "K")), code="TU-2023", columns=columns),
        by=coordinator,
    )
    for name, code, marks in (("a.xlsx", "TU-2023", ["Đ"] * 19), ("b.xlsx", "TU-2022", ["đ"] * 19)):
        inspections.keep_results(
            by=coordinator,
            code=code,
            sheets=[result_books.sheet("xa-ntm", rows(*marks))],
            name=name,
            sha256="0" * 64,
            columns=None if code == "TU-2023" else columns,
        )


def agree_on_criterion() -> None:
    """The agency agrees with a commune on every indicator of a criterion, which is complete by that."""
    reviewer = User.objects.get(username=HEALTH)
    waits = waiting.for_opinion(reviewer).filter(criterion__number=15, dossier__status="submitted")
    chosen = waits.filter(self_judgement=Judgement.MET).order_by("-dossier").first()
    for row in waits.filter(dossier=chosen.dossier_id).select_related("indicator", "criterion"):
        row.dossier = Dossier.objects.with_context().get(pk=row.dossier_id)
        inspections.give_opinion(row, judgement=Judgement.MET, reason="", by=reviewer, version=row.version)


def new_round(code: str, like: InspectionRound, home: Commune, coordinator: User) -> InspectionRound:
    """A round being set up, with one commune."""
    made = inspections.create_round(
        by=coordinator, code=code, name=f"Đợt {code}", authority=like.authority, year=2025,
        period_from=date(2025, 6, 2), period_to=date(2025, 6, 30), due_on=date(2025, 6, 25),
        team_name="Đoàn kiểm tra", subject="kết quả thử",
    )  # fmt: skip
    inspections.add_unit(made, by=coordinator, criteria_set=like.units.first().criteria_set, commune=home)
    return made


def portal() -> Iterator[Line]:
    for who in PEOPLE:
        yield "home", who, {}, ""
        yield "search", who, {}, "q=phuc khoa"
    yield "search", OFFICER, {}, ""
    yield "search", OFFICER, {}, "q=khongcogi"
    yield "help", NOBODY, {}, ""
    yield "help", INSPECTOR, {}, ""
    yield "api:docs", NOBODY, {}, ""
    yield "login", NOBODY, {}, ""
    yield from tables_in_and_out()
    yield "communes:account", OFFICER, {}, ""
    yield "communes:password-change", OFFICER, {}, ""
    yield "task-list", OFFICER, {}, ""
    yield "task-list", COORDINATOR, {}, "?han=khong-han&q=khong+co+viec+nao"
    yield "communes:notification-list", OFFICER, {}, ""
    yield "communes:notification-list", ADMINISTRATOR, {}, "?loai=notice"
    yield "communes:notification-choices", OFFICER, {}, ""
    yield "communes:user-list", COORDINATOR, {}, ""
    yield "communes:user-list", ADMINISTRATOR, {}, ""
    yield "communes:user-create", COORDINATOR, {}, ""
    user = {"pk": User.objects.get(username=OFFICER).pk}
    for name in ("detail", "edit", "reset-password", "deactivate", "hand-over"):
        yield f"communes:user-{name}", COORDINATOR, user, ""
    yield "communes:user-reactivate", COORDINATOR, {"pk": User.objects.get(username=GONE).pk}, ""
    yield "communes:membership-add", COORDINATOR, user, ""
    yield "communes:membership-end", COORDINATOR, {"pk": Membership.objects.filter(user=user["pk"]).first().pk}, ""
    home = Commune.objects.get(memberships__user__username=OFFICER, memberships__role=Role.COMMUNE_OFFICER)
    yield "communes:commune-list", OFFICER, {}, ""
    yield "communes:commune-list", ADMINISTRATOR, {}, ""
    yield "communes:commune-create", COORDINATOR, {}, ""
    for who in (OFFICER, COORDINATOR):
        yield "communes:commune-detail", who, {"pk": home.pk}, ""
    for name in ("commune-edit", "village-create", "recognition-add"):
        yield f"communes:{name}", COORDINATOR, {"pk": home.pk}, ""
    yield "communes:village-edit", COORDINATOR, {"pk": Village.objects.filter(commune=home).first().pk}, ""
    yield "communes:recognition-end", COORDINATOR, {"pk": Recognition.objects.filter(valid_to=None).first().pk}, ""


def sets() -> Iterator[Line]:
    yield "criteria:set-list", OFFICER, {}, ""
    yield "criteria:set-list", COORDINATOR, {}, ""
    yield "criteria:set-create", COORDINATOR, {}, ""
    for item in CriteriaSet.objects.all():
        yield "criteria:set-detail", COORDINATOR, {"code": item.code, "version": item.version}, ""
    published = CriteriaSet.objects.filter(status=CriteriaSet.Status.PUBLISHED, code="xa-ntm").first()
    yield "criteria:set-retire", COORDINATOR, {"code": published.code, "version": published.version}, ""
    assigned = AgencyAssignment.objects.select_related("indicator__criteria_set").first().indicator
    its_set = {"code": assigned.criteria_set.code, "version": assigned.criteria_set.version}
    yield "criteria:indicator-agencies", COORDINATOR, {**its_set, "indicator": assigned.code}, ""
    threshold = Threshold.objects.filter(
        is_confirmed_in_source=False, indicator__criteria_set__status="published", confirmation=None
    )
    yield "criteria:threshold-confirm", ADMINISTRATOR, {"pk": threshold.first().pk}, ""
    draft = CriteriaSet.objects.filter(status=CriteriaSet.Status.DRAFT).first()
    address = {"code": draft.code, "version": draft.version}
    for name in ("set-edit", "set-publish", "criterion-add"):
        yield f"criteria:{name}", COORDINATOR, address, ""
    criterion = draft.criteria.filter(indicators__isnull=False).first() or draft.criteria.first()
    for name in ("criterion-edit", "indicator-add"):
        yield f"criteria:{name}", COORDINATOR, {**address, "number": criterion.number}, ""
    indicator = draft.indicators.first()
    yield "criteria:indicator-edit", COORDINATOR, {**address, "indicator": indicator.code}, ""


# ---------------------------------------------------------------- dossiers


def officer_of(dossier: Dossier) -> str:
    found = Membership.objects.filter(commune=dossier.inspection.commune, role=Role.COMMUNE_OFFICER)
    return str(found.first().user.username)


def of_each_status(**chosen: Any) -> Iterator[Dossier]:
    """One dossier in each status of a commune, and one of a village."""
    rows = Dossier.objects.filter(**chosen).select_related("inspection__commune").order_by("pk")
    for status in Dossier.Status.values:
        found = rows.filter(status=status).first()
        if found:
            yield found
    village = rows.filter(village__isnull=False).first()
    if village:
        yield village


def commune() -> Iterator[Line]:
    for who in (OFFICER, LEADER, AGENCY, INSPECTOR):
        yield "inspections:dossier-list", who, {}, ""
        yield "inspections:evidence-list", who, {}, ""
    yield "inspections:evidence-add", OFFICER, {}, ""
    for dossier in of_each_status():
        who, pk = officer_of(dossier), {"pk": dossier.pk}
        for name in ("detail", "print", "history", "returns"):
            yield f"inspections:dossier-{name}", who, pk, ""
        yield "inspections:criterion-edit", who, {**pk, "number": 5}, ""
    yield from acts_of_communes()
    yield from workbooks_of_communes()
    for content_type in Evidence.objects.values_list("content_type", flat=True).order_by("content_type").distinct():
        piece = Evidence.objects.filter(content_type=content_type).select_related("commune").first()
        found = Membership.objects.filter(commune=piece.commune, role=Role.COMMUNE_OFFICER).first()
        yield "inspections:evidence-detail", found.user.username, {"pk": piece.pk}, ""
    yield "inspections:evidence-edit", found.user.username, {"pk": piece.pk}, ""
    yield "inspections:evidence-replace", found.user.username, {"pk": piece.pk}, "tim=xa"
    newer = Evidence.objects.filter(commune=piece.commune).exclude(pk=piece.pk).first()
    yield "inspections:evidence-replace-check", found.user.username, {"pk": piece.pk, "new": newer.pk}, ""


def acts_of_communes() -> Iterator[Line]:
    """The pages before and after an act, and the criteria that are asked about."""
    drafts = Dossier.objects.filter(status="draft", criteria_set__code="xa-ntm").select_related("inspection__commune")
    for dossier in (drafts.first(), drafts.last()):
        yield "inspections:dossier-submit", officer_of(dossier), {"pk": dossier.pk}, ""
        yield "inspections:criterion-edit", officer_of(dossier), {"pk": dossier.pk, "number": 2}, ""
        yield "inspections:dossier-trial", officer_of(dossier), {"pk": dossier.pk}, ""
    sent = Dossier.objects.filter(status="submitted").select_related("inspection__commune").first()
    yield "inspections:dossier-submitted", officer_of(sent), {"pk": sent.pk}, ""
    for dossier in Dossier.objects.filter(status="provisional").select_related("inspection__commune"):
        yield "inspections:dossier-reply", officer_of(dossier), {"pk": dossier.pk}, ""
    item = ReturnItem.objects.filter(status="open").select_related("assessment__criterion").first()
    asked = {"pk": item.dossier_id, "number": item.assessment.criterion.number}
    yield "inspections:criterion-edit", officer_of(item.dossier), asked, ""


def workbooks_of_communes() -> Iterator[Line]:
    """Sending a workbook while the dossier is open and when it is not; what each of those that wait would change."""
    for row in WorkbookUpload.objects.order_by("name").select_related("by"):
        yield "inspections:workbook-check", row.by.username, {"pk": row.dossier_id, "upload": row.pk}, ""
    yield "inspections:workbook-upload", row.by.username, {"pk": row.dossier_id}, ""
    sent = Dossier.objects.filter(status="submitted").select_related("inspection__commune").first()
    yield "inspections:workbook-upload", officer_of(sent), {"pk": sent.pk}, ""


# ---------------------------------------------------------------- the team


def team() -> Iterator[Line]:
    yield from rounds()
    yield from visits()
    for who in (AGENCY, INSPECTOR, HEAD):
        yield "inspections:queue", who, {}, ""
    yield "inspections:queue", INSPECTOR, {}, "don_vi=khongco&trang_thai=draft"
    for kind in ("thay-doi", "tieu-chi"):
        yield "inspections:queue", INSPECTOR, {}, f"viec={kind}"
    yield "inspections:queue", AGENCY, {}, "viec=chi-tieu&khac_nhau=on"
    for query in ("", "don_vi=khongco"):
        yield "inspections:bulk-conclude", INSPECTOR, {}, query
    yield "inspections:bulk-concluded", INSPECTOR, {}, ""
    for who in (INSPECTOR, COORDINATOR):
        yield "inspections:phrase-list", who, {}, ""
    yield "inspections:phrase-edit", COORDINATOR, {"pk": Phrase.objects.first().pk}, ""
    row = Assessment.objects.filter(dossier__status="submitted", indicator__code="2.1").first()
    for who in (INSPECTOR, officer_of(row.dossier)):
        yield "inspections:dossier-history", who, {"pk": row.dossier_id}, f"chi-tieu={row.pk}"
    for dossier in of_each_status():
        pk = {"pk": dossier.pk}
        yield "inspections:review-dossier", HEAD, pk, ""
        yield "inspections:review-criterion", HEAD, {**pk, "number": 5}, ""
    open_dossier = Dossier.objects.filter(status="submitted").first()
    for who in (INSPECTOR, AGENCY):
        for dossier in Dossier.objects.filter(status__in=("submitted", "returned"), village=None)[:2]:
            yield "inspections:review-criterion", who, {"pk": dossier.pk, "number": 5}, ""
    yield "inspections:review-criterion", INSPECTOR, {"pk": open_dossier.pk, "number": 1}, ""
    # An answer to a question, and an explanation that waits for the final word.
    answer = (
        ReturnItem.objects.filter(status=ReturnItem.Status.ANSWERED).select_related("assessment__criterion").first()
    )
    explained = Reply.objects.filter(response="").select_related("conclusion__criterion").first().conclusion
    for dossier_pk, criterion in (
        (answer.dossier_id, answer.assessment.criterion),
        (explained.dossier_id, explained.criterion),
    ):
        yield "inspections:review-criterion", HEAD, {"pk": dossier_pk, "number": criterion.number}, ""
    yield "inspections:dossier-provisional", HEAD, {"pk": open_dossier.pk}, ""
    shown = {"pk": Dossier.objects.filter(status="provisional").first().pk}
    yield "inspections:dossier-approve", HEAD, shown, ""
    yield "inspections:dossier-take-up-reply", HEAD, shown, ""
    yield "inspections:dossier-remind", HEAD, shown, ""
    done = Dossier.objects.filter(status="concluded", imported_at=None)
    yield "inspections:dossier-reopen", HEAD, {"pk": done.exclude(round__code=OLD_ROUND).first().pk}, ""
    yield "inspections:dossier-decided", HEAD, {"pk": done.first().pk}, ""


def visits() -> Iterator[Line]:
    """The visit to a commune that is under review, as its team and as a reader of the round sees it."""
    inspection = visited()
    pk, row = {"pk": inspection.pk}, inspection.agreed_deadlines.filter(return_item=None).first()
    for who in (INSPECTOR, VIEWER):
        yield "inspections:visit-detail", who, pk, ""
        yield "inspections:field-list", who, pk, ""
    noted = inspection.visit_findings.first()
    conclusion = noted.dossier.conclusions.get(criterion=noted.criterion)
    yield "inspections:field-criterion", INSPECTOR, {**pk, "row": conclusion.pk}, ""
    yield "inspections:deadline-edit", INSPECTOR, {**pk, "row": row.pk}, ""
    yield "inspections:deadline-ask", INSPECTOR, {**pk, "row": row.pk}, ""
    yield "inspections:sheet-print", INSPECTOR, pk, ""
    yield "inspections:sheet-upload", NOBODY, {}, ""


def visited() -> Inspection:
    dossier = Dossier.objects.filter(status="submitted", village=None, round__code=OPEN_ROUND).order_by("pk").first()
    return Inspection.objects.select_related("round", "commune").get(pk=dossier.inspection_id)


def visit() -> None:
    """What a visit leaves behind: a finding, an agreed deadline, the signed minutes."""
    inspection, inspector = visited(), User.objects.get(username=INSPECTOR)
    dossier = inspection.dossiers.filter(status="submitted").order_by("pk").first()
    row = work.conclusion_of(dossier, 5)
    inspections.save_finding(row, text="Đã xem 02 điểm trường.", by=inspector, version=0)
    inspections.add_deadline(
        inspection, what="Bổ sung biên bản nghiệm thu", who="UBND xã", due_on=date(2025, 6, 30), by=inspector
    )
    inspections.attach_signed(inspection, work.pdf_upload("bien-ban-da-ky.pdf"), by=inspector)


def rounds() -> Iterator[Line]:
    for who in (INSPECTOR, COORDINATOR, VIEWER):
        yield "inspections:round-list", who, {}, ""
    yield "inspections:round-create", COORDINATOR, {}, ""
    yield "inspections:results-import", COORDINATOR, {}, ""
    for code in ("TU-2023", OPEN_ROUND):
        yield "inspections:results-import-again", COORDINATOR, {"code": code}, ""
    for upload in ResultsUpload.objects.order_by("name"):
        yield "inspections:results-check", COORDINATOR, {"upload": upload.pk}, ""
    for item in InspectionRound.objects.all():
        for code in dict.fromkeys(item.units.values_list("criteria_set__code", flat=True)):
            yield "inspections:round-detail", COORDINATOR, {"code": item.code}, f"bo={code}"
        yield "inspections:round-units", COORDINATOR, {"code": item.code}, ""
        yield "inspections:round-team", COORDINATOR, {"code": item.code}, ""
    item = InspectionRound.objects.get(code=OPEN_ROUND)
    yield "inspections:round-detail", VIEWER, {"code": item.code}, ""
    yield "inspections:round-detail", COORDINATOR, {"code": "TU-MOI"}, ""
    yield "inspections:round-open", COORDINATOR, {"code": "TU-MOI"}, ""
    for name in ("edit", "close", "cancel"):
        yield f"inspections:round-{name}", COORDINATOR, {"code": item.code}, ""
    unit, member = item.units.first(), item.team.last()
    yield "inspections:unit-extend", COORDINATOR, {"code": item.code, "pk": unit.pk}, ""
    yield "inspections:unit-extend-reply", COORDINATOR, {"code": item.code, "pk": unit.pk}, ""
    yield "inspections:unit-end-extension", COORDINATOR, {"code": item.code, "pk": unit.pk}, ""
    yield "inspections:unit-leave-out", COORDINATOR, {"code": item.code, "pk": unit.pk}, ""
    yield "inspections:member-edit", COORDINATOR, {"code": item.code, "pk": member.pk}, ""


# ---------------------------------------------------------------- pages for leaders


def leaders() -> Iterator[Line]:
    dossiers = Dossier.objects.filter(round__code=OLD_ROUND, criteria_set__code="xa-ntm").order_by("pk")
    communes = list(dossiers.values_list("inspection__commune", flat=True)[:3])
    yield "reports:profile", VIEWER, {"pk": communes[0]}, ""
    yield "reports:profile", OFFICER, {"pk": Commune.objects.get(memberships__user__username=OFFICER).pk}, ""
    old = {"dot": OLD_ROUND, "bo": "xa-ntm"}
    yield "reports:compare", VIEWER, {}, ""
    yield (
        "reports:compare",
        VIEWER,
        {},
        urlencode([*old.items(), ("voi", ""), *(("xa", f"xa-{pk}") for pk in communes)]),
    )
    yield "reports:compare", VIEWER, {}, urlencode({"dot": OPEN_ROUND, "bo": "xa-ntm", "voi": OLD_ROUND})
    yield "reports:compare", VIEWER, {}, urlencode({"dot": OPEN_ROUND, "bo": "xa-ntm", "voi": "giai-trinh"})
    failed = Assessment.objects.filter(dossier__in=dossiers, indicator__code="5", conclusion=Judgement.NOT_MET)
    yield "reports:what-if", VIEWER, {}, urlencode({**old, "chon": failed.first().pk})
    yield "reports:lapsing", VIEWER, {}, "thang=12"


# ---------------------------------------------------------------- notices, administration


def overviews() -> Iterator[Line]:
    """Of a round that is concluded and of one that runs, and each list behind a figure."""
    for who in (VIEWER, AGENCY):
        for query in ("", f"dot={OPEN_ROUND}", "bo=ban-nc-mau"):
            yield "reports:overview", who, {}, query
    district = Authority.objects.get(rounds__code=OPEN_ROUND)
    for name in ("reports:overview-of", "reports:overview-course"):
        yield name, VIEWER, {"pk": district.pk}, ""
    for kind in overview_lists.KINDS:
        yield "reports:overview-list", VIEWER, {"pk": district.pk, "kind": kind}, ""
    yield "reports:overview-list", VIEWER, {"pk": district.pk, "kind": "tat-ca"}, "q=khongcogi"


def handed_over() -> Iterator[Line]:
    """A bundle of the old round, made, and sent in again."""
    coordinator, round_ = User.objects.get(username=COORDINATOR), InspectionRound.objects.get(code=OLD_ROUND)
    made = bundles.carry_out(bundles.ask_export(round_, by=coordinator))
    with bundles.path_of(made).open("rb") as file:
        sent_in = bundles.keep_upload(File(file, name=made.name), by=coordinator)
    for code in (OLD_ROUND, OPEN_ROUND):
        yield "reports:bundle-export", COORDINATOR, {"code": code}, ""
    yield "reports:bundle-upload", COORDINATOR, {}, ""
    yield "reports:bundle-check", COORDINATOR, {"key": sent_in.pk}, ""


def notices() -> Iterator[Line]:
    yield "reports:public-list", NOBODY, {}, ""
    yield "reports:public-list", NOBODY, {}, "q=nam+can"
    yield "reports:public-list", NOBODY, {}, "q=khongcogi"
    yield "reports:verify", NOBODY, {}, ""
    for code in (IssuedDocument.objects.first().sha256, IssuedDocument.objects.first().facts_sha256[:16], "0" * 64):
        yield "reports:verify", NOBODY, {}, f"ma={code}"
    for who in (COORDINATOR, HEAD, VIEWER):
        yield "reports:notice-list", who, {}, ""
    for who in (INSPECTOR, VIEWER):
        yield "reports:round-minutes", who, {"code": OPEN_ROUND}, ""
        yield "reports:table-list", who, {"code": OLD_ROUND}, ""
    yield from official_tables()
    for notice in Notice.objects.all():
        address = {"public_id": notice.public_id}
        if notice.is_published:
            yield "reports:public-detail", NOBODY, address, ""
            yield "reports:notice-issued", COORDINATOR, address, ""
            yield "reports:notice-replace", COORDINATOR, address, ""
        for who in (COORDINATOR, HEAD):
            yield "reports:notice-preview", who, address, ""
        yield "reports:notice-figures", HEAD, address, ""
        yield "reports:notice-changes", HEAD, address, ""
        yield "reports:notice-approve", HEAD, address, ""
        yield "reports:notice-number", COORDINATOR, address, ""
        yield "reports:notice-issue", COORDINATOR, address, ""
        if notice.supersedes:
            yield "reports:replacement-abandon", COORDINATOR, address, ""
        if notice.status == Notice.Status.APPROVED:
            yield "reports:notice-signing", COORDINATOR, address, ""
        if notice.status == Notice.Status.DRAFT:
            yield from writing(notice)
    yield from chains()
    yield "reports:library", COORDINATOR, {}, ""
    yield from followed()


def followed() -> Iterator[Line]:
    """Recommendations in each state for each kind of reader; monthly reports submitted, late, and to be written."""
    for who in (OFFICER, LEADER, AGENCY, COORDINATOR, VIEWER):
        yield "reports:follow-up-list", who, {}, ""
    yield "reports:follow-up-list", COORDINATOR, {}, "in=1"
    yield "reports:follow-up-list", OFFICER, {}, "q=khong-co-tu-nay"
    items = FollowUp.objects.current().filter(recommendation__notice__kind_code="thong-bao")
    for status in ("open", "doing", "done"):
        item = items.filter(recommendation__status=status).order_by("-pk").first()
        if item is not None:
            yield "reports:follow-up", COORDINATOR, {"pk": item.pk}, ""
    put = FollowUpNote.objects.filter(commune__isnull=False).order_by("pk").first()
    for who in (OFFICER, LEADER, VIEWER):
        yield "reports:follow-up", who, {"pk": put.follow_up_id if put else 0}, ""
    report = MonthlyReport.objects.submitted().order_by("pk").first()
    for who in (AGENCY, COORDINATOR, VIEWER):
        yield "reports:monthly-list", who, {}, ""
        address = {"agency": report.agency_id if report else 0, "month": report.month if report else None}
        yield "reports:monthly-report", who, address, ""
        yield "reports:monthly-report", who, {**address, "month": clock.today().replace(day=1)}, ""
    yield "reports:monthly-rule", COORDINATOR, {"pk": report.agency.authority_id if report else 0}, ""


def official_tables() -> Iterator[Line]:
    """One of each sort, where all is concluded and where nothing is yet."""
    for code in (OLD_ROUND, OPEN_ROUND):
        round_ = InspectionRound.objects.get(code=code)
        for tab in set_tabs(round_):
            sorts = {choice.key.rpartition("-")[0]: choice.key for choice in RoundTables(round_, tab).choices}
            for key in sorts.values():
                address = {"code": code, "set_code": tab.code, "key": key}
                yield "reports:table-detail", VIEWER, address, ""


def writing(notice: Notice) -> Iterator[Line]:
    """The pages on which a draft is written, each kind of section once."""
    address, writer = {"public_id": notice.public_id}, INSPECTOR if notice.inspection_id else COORDINATOR
    yield "reports:notice-details", writer, address, ""
    yield "reports:notice-redraft", writer, address, ""
    for one in checks.findings(Composition(notice)):
        if one.accept_url:
            yield "reports:finding", writer, {**address, "key": one.key}, ""
    for section in {row.kind: row for row in notice.sections.all()}.values():
        yield "reports:notice-edit", writer, address, f"phan={section.pk}"
        yield "reports:section-texts", writer, {**address, "pk": section.pk}, ""


def chains() -> Iterator[Line]:
    """A figure of an issued notice with its units, and one of them down to the evidence."""
    notice = Notice.objects.public().first()
    chain, address = Chain(notice, User.objects.get(username=HEAD)), {"public_id": notice.public_id}
    mean = next(figure for figure in chain.figures.values() if figure.formula)
    unit = chain.units(mean)[0].lines[0].dossier
    for query in ({"ten": mean.token}, {"ten": mean.token, "don-vi": unit}):
        yield "reports:notice-figures", HEAD, address, urlencode(query)


def admin() -> Iterator[Line]:
    yield "admin:index", ADMINISTRATOR, {}, ""
    for label in dict.fromkeys(model.partition("_")[0] for model in ADMIN_MODELS):
        yield "admin:app_list", ADMINISTRATOR, {"app_label": label}, ""
    for model, allowed in ADMIN_MODELS.items():
        first = ContentType.objects.get_by_natural_key(*model.split("_", 1)).model_class().objects.first()
        yield f"admin:{model}_changelist", ADMINISTRATOR, {}, ""
        if "add" in allowed:
            yield f"admin:{model}_add", ADMINISTRATOR, {}, ""
        yield f"admin:{model}_change", ADMINISTRATOR, {"object_id": first.pk}, ""
        yield f"admin:{model}_history", ADMINISTRATOR, {"object_id": first.pk}, ""
