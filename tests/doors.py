"""Who gets through which door: one line for each URL of the portal, the administration site included.

A line states the URL's name, who gets in, and for an object its kind and name in tests/scene.py. What follows
from a line for everybody else: anonymous → the login page; a role that is not named → 403; the role, but of
another unit (`TWINS`) → 404 for what is not theirs; a method that is not offered → 405.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from communes import clock
from communes.models import User
from inspections import services
from inspections.presenters.workbook import comparing
from inspections.services.bulk import standings_of
from reports import checks, pages
from reports.compose import Composition
from reports.services import bundles

from .communes import tables
from .factories import PASSWORD
from .inspections import result_books, workbooks
from .inspections.factories import image_upload, pdf_upload
from .scene import OWN, Scene

# Everybody who walks up to a door, and whose part the people of other units play.
TWINS = {
    "neighbour": "officer",
    "idle_agency": "agency",
    "outsider": "inspector",
    "far_head": "head",
    "far_coordinator": "coordinator",
}
PEOPLE = (
    "anonymous", "stranger", "officer", "leader", "agency", "inspector", "colleague", "head", "coordinator",
    "viewer", "administrator", *TWINS,
)  # fmt: skip
SIGNED_IN = frozenset(PEOPLE) - {"anonymous"}
ANYBODY = frozenset(PEOPLE)

GET = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")
POST = ("POST",)
TUS = ("HEAD", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Door:
    """One line of the table.

    may: who gets in. hides: who gets 404 besides the twins of those. kind, thing: the object of the address
    with which it is tried; more: further parts of the address. answer: to who gets in by GET (or by POST
    where there is no GET). data: what makes POST succeed; then: its answer. others: instead of 403. to_strangers:
    instead of the way to the login page. by_method: answers to everybody who is signed in, for methods of their own.
    let_in: answers to who gets in, by method, where they are not `answer`. only: who of those may use a method.
    """

    name: str
    may: frozenset[str]
    methods: tuple[str, ...]
    kind: str = ""
    thing: str = ""
    more: tuple[tuple[str, Any], ...] = ()
    hides: frozenset[str] = frozenset()
    answer: int = 200
    data: Callable[[Scene], dict[str, Any]] | None = None
    then: int = 302
    others: int = 403
    query: str = ""
    is_public: bool = False
    to_strangers: int = 302
    by_method: tuple[tuple[str, int], ...] = ()
    let_in: tuple[tuple[str, int], ...] = ()
    only: tuple[tuple[str, str], ...] = ()

    @property
    def is_admin(self) -> bool:
        return self.name.startswith("admin:")

    def address(self, scene: Scene, thing: str = "") -> dict[str, Any]:
        """Keyword arguments for `reverse`."""
        found = KINDS[self.kind](scene, thing or self.thing) if self.kind else {}
        return {**found, **dict(self.more)}

    def expected(self, who: str, method: str) -> int:
        """The answer to somebody's request; "POST" with the data that makes it succeed."""
        if who != "anonymous" and method in dict(self.by_method):
            return dict(self.by_method)[method]
        if who == "anonymous" and (not self.is_public or method in dict(self.by_method)):
            return self.to_strangers
        if method not in self.methods:
            if self.others == 302 and who != "anonymous":
                return 302  # who is signed in is sent on, whatever the method
            # Django's administration site asks for the role first.
            return self.others if self.is_admin and method in FORM and who not in self.may else 405
        if who in self.may and who not in dict(self.only).get(method, who).split():
            return self.others
        if who in self.may and method in dict(self.let_in):
            return dict(self.let_in)[method]
        if who in self.may:
            return self.then if method == "POST" and self.data else self.answer
        if who in self.hides:
            # Who may not use the method at all is told so before anything is looked for.
            acts = dict(self.only).get(method)
            return 404 if acts is None or TWINS.get(who) in acts.split() else self.others
        return self.others


def door(
    methods: tuple[str, ...], name: str, may: str, on: str = "", *, hides: str = "", shared: bool = False, **more: Any
) -> Door:
    """A line. on: "kind thing". shared: belongs to no unit, so that the twins get in as well."""
    let_in = set(may.split())
    twins = {twin for twin, of in TWINS.items() if of in let_in}
    kind, _, thing = on.partition(" ")
    if not kind or shared:
        let_in |= twins
    hidden = (twins | set(hides.split())) - let_in
    known = {
        key: more.pop(key)
        for key in (
            "answer",
            "data",
            "then",
            "others",
            "query",
            "is_public",
            "to_strangers",
            "by_method",
            "let_in",
            "only",
        )
        if key in more
    }
    return Door(name, frozenset(let_in), methods, kind, thing, tuple(more.items()), frozenset(hidden), **known)


def page(name: str, may: str, on: str = "", **more: Any) -> Door:
    return door(GET, name, may, on, **more)


def form(name: str, may: str, on: str = "", **more: Any) -> Door:
    return door(FORM, name, may, on, **more)


def act(name: str, may: str, on: str = "", **more: Any) -> Door:
    """POST only."""
    return door(POST, name, may, on, **more)


# ---------------------------------------------------------------- addresses: {kind: keyword arguments}


def _pk(kind: str) -> Callable[[Scene, str], dict[str, Any]]:
    return lambda scene, name: {"pk": scene.get(kind, name).pk}


def _set(scene: Scene, name: str) -> dict[str, Any]:
    return {"code": scene.get("set", name).code, "version": scene.get("set", name).version}


def _of_round(kind: str) -> Callable[[Scene, str], dict[str, Any]]:
    def found(scene: Scene, name: str) -> dict[str, Any]:
        thing = scene.get(kind, name)
        return {"code": thing.round.code, "pk": thing.pk}

    return found


def _section(scene: Scene, name: str) -> dict[str, Any]:
    notice = scene.get("notice", name)
    return {"public_id": notice.public_id, "pk": notice.sections.filter(kind="section").order_by("position")[1].pk}


def _finding(scene: Scene, name: str) -> dict[str, Any]:
    """The first finding of the checks in a notice."""
    notice = scene.get("notice", name)
    return {"public_id": notice.public_id, "key": checks.findings(Composition(notice))[0].key}


def _printed(scene: Scene, name: str) -> dict[str, Any]:
    notice = scene.get("notice", name)
    return {"public_id": notice.public_id, "key": pages.printed(notice.public_id, Composition(notice).content()).key}


def _reviewed(scene: Scene, name: str) -> dict[str, Any]:
    row = scene.get("assessment", name)
    return {"pk": row.dossier_id, "assessment_pk": row.pk}


def _of_visit(kind: str) -> Callable[[Scene, str], dict[str, Any]]:
    def found(scene: Scene, name: str) -> dict[str, Any]:
        thing = scene.get(kind, name)
        inspection = thing.dossier.inspection_id if kind == "conclusion" else thing.inspection_id
        return {"pk": inspection, "row": thing.pk}

    return found


def _proof(scene: Scene, name: str) -> dict[str, Any]:
    return {"pk": scene.get("dossier", name).pk, "number": 2, "evidence": scene.get("evidence", name).pk}


def _waiting_workbook(scene: Scene, name: str) -> dict[str, Any]:
    waiting = scene.get("workbook", name)
    return {"pk": waiting.dossier_id, "upload": waiting.pk}


def _criterion(scene: Scene, name: str) -> dict[str, Any]:
    return {**_set(scene, name), "number": scene.get("criterion", name).number}


def _indicator(scene: Scene, name: str) -> dict[str, Any]:
    return {**_set(scene, name), "indicator": scene.get("indicator", name).code}


def _agency_month(scene: Scene, name: str) -> tuple[int, date]:
    agency, month = scene.get("monthly", name)
    return agency.pk, month


KINDS: dict[str, Callable[[Scene, str], dict[str, Any]]] = {
    **{kind: _pk(kind) for kind in ("commune", "village", "recognition", "user", "membership", "threshold")},
    "authority": _pk("authority"),
    "notification": _pk("notification"),
    "import": _pk("import"),
    "snippet": _pk("snippet"),
    "phrase": _pk("phrase"),
    **{kind: _pk(kind) for kind in ("dossier", "evidence")},
    "upload": lambda scene, name: {"key": scene.get("upload", name).key},
    "bundle": lambda scene, name: {"key": scene.get("bundle", name).pk},
    "newer": lambda scene, name: {
        "pk": scene.get("evidence", name).pk,
        "new": scene.get("evidence", f"{name.partition('-')[0]}-library").pk,
    },
    "workbook": _waiting_workbook,
    "results": lambda scene, name: {"upload": scene.get("results", name).pk},
    "entry": lambda scene, name: {"pk": scene.get("assessment", name).pk},
    "item": lambda scene, name: {"pk": scene.get("item", name).dossier_id, "item": scene.get("item", name).pk},
    "asked": lambda scene, name: {"pk": scene.get("item", name).dossier_id, "item_pk": scene.get("item", name).pk},
    "explained": lambda scene, name: {
        "pk": scene.get("reply", name).conclusion.dossier_id,
        "reply_pk": scene.get("reply", name).pk,
    },
    "assessment": _reviewed,
    "inspection": _of_round("inspection"),
    "visit": lambda scene, name: {"pk": scene.get("inspection", name).pk},
    "signed": _pk("signed"),
    "deadline": _of_visit("deadline"),
    "conclusion": _of_visit("conclusion"),
    "proof": _proof,
    "round": lambda scene, name: {"code": scene.get("round", name).code},
    "unit": _of_round("unit"),
    "member": _of_round("member"),
    "set": _set,
    "criterion": _criterion,
    "indicator": _indicator,
    "notice": lambda scene, name: {"public_id": scene.get("notice", name).public_id},
    "finding": _finding,
    "section": _section,
    "printed": _printed,
    "follow": _pk("follow"),
    "follow_proof": lambda scene, name: {
        "pk": scene.get("follow_proof", name).note.follow_up_id,
        "proof": scene.get("follow_proof", name).pk,
    },
    "monthly": lambda scene, name: dict(zip(("agency", "month"), _agency_month(scene, name), strict=True)),
    "agency": _pk("agency"),
    "whole_set": lambda scene, name: {"pk": scene.get("set", name).pk},
    "closable": lambda scene, name: {"code": scene.get("notice_scene", name).world.round.code},
    "within": lambda scene, name: {"dossier": scene.get("dossier", name).pk},
    "entered": lambda scene, name: {
        "dossier": scene.get("assessment", name).dossier_id,
        "pk": scene.get("assessment", name).pk,
    },
    "advice": lambda scene, name: {"pk": scene.get("notice", name).recommendations.order_by("pk").first().pk},
    "admin": lambda scene, name: {"object_id": scene.first(name).pk},
    "site": lambda scene, name: {"content_type_id": scene.content_type(name), "object_id": scene.first(name).pk},
}


# ---------------------------------------------------------------- what makes an act succeed


def typed(**fields: Any) -> Callable[[Scene], dict[str, Any]]:
    return lambda scene: fields


# The counts that a formset without rows sends.
NO_ADDRESSEES = {"kien-nghi-TOTAL_FORMS": "0", "kien-nghi-INITIAL_FORMS": "0"}


def day(days: int = 0) -> str:
    return f"{clock.today() + timedelta(days=days):%d/%m/%Y}"


def verdict(name: str, prefix: str = "") -> Callable[[Scene], dict[str, Any]]:
    """What concludes (or gives an opinion on) the assessment of that name as not met."""

    def found(scene: Scene) -> dict[str, Any]:
        row = scene.get("assessment", name)
        start = f"{prefix}-{row.pk}-" if prefix else ""
        version = row.__class__.objects.get(pk=row.pk).version
        return {f"{start}version": version, f"{start}judgement": "chua_dat", f"{start}reason": "Thiếu hồ sơ."}

    return found


def _question(scene: Scene) -> dict[str, Any]:
    start = f"hoi-{scene.get('assessment', 'own-fresh-1.1').pk}-"
    return {f"{start}reason_code": "thieu", f"{start}question": "Bổ sung biên bản.", f"{start}due_on": day(3)}


def _questions(scene: Scene) -> dict[str, Any]:
    row = scene.get("assessment", "own-fresh-1.1")
    due_on = str(clock.today() + timedelta(days=3))
    question = {"assessment": row.pk, "reason_code": "thieu", "question": "Bổ sung biên bản.", "due_on": due_on}
    return {"items": [question]}


def _further_question(scene: Scene) -> dict[str, Any]:
    start = f"hoi-them-{scene.get('item', 'own-sent').pk}-"
    return {f"{start}reason_code": "sai", f"{start}question": "Bổ sung chữ ký.", f"{start}due_on": day(3)}


def _final_word(scene: Scene) -> dict[str, Any]:
    return {f"giai-trinh-{scene.get('reply', 'own-replied').pk}-response": "Giữ nguyên kết luận."}


def _conclusion(scene: Scene) -> dict[str, Any]:
    version = scene.get("dossier", "own-fresh").conclusions.get(criterion__number=1).version
    return {"version": version, "judgement": "chua_dat", "reason": "Thiếu hồ sơ."}


def _followed(name: str = "own", **fields: Any) -> Callable[[Scene], dict[str, Any]]:
    """What is typed about a followed recommendation, on its present version."""
    return lambda scene: {
        "version": scene.get("follow", name).__class__.objects.get(pk=scene.get("follow", name).pk).version,
        **fields,
    }


def _complete(scene: Scene) -> dict[str, Any]:
    """Criterion 1 of a fresh dossier, ticked as the page shows it."""
    dossier = scene.get("dossier", "own-fresh")
    row = dossier.conclusions.select_related("criterion").get(criterion__number=1)
    row.dossier = dossier
    return {"chon": standings_of([row])[0].key}


def _files(scene: Scene) -> dict[str, Any]:
    return {"assessments": [scene.get("assessment", "own-draft-2.1").pk], "files": [pdf_upload()]}


def _link(scene: Scene) -> dict[str, Any]:
    row = scene.get("assessment", "own-draft-2.1")
    return {"evidence": scene.get("evidence", "own-library").pk, "assessments": [row.pk]}


def _moves(scene: Scene) -> dict[str, Any]:
    """The links of the draft that a newer version takes over."""
    return {"links": list(scene.get("evidence", "own-draft").links.values_list("pk", flat=True))}


def _entry(scene: Scene) -> dict[str, Any]:
    row = scene.get("assessment", "own-draft-2.1")
    return {"version": row.__class__.objects.get(pk=row.pk).entry_version, "numerator": "8", "denominator": "9"}


def _workbook(scene: Scene) -> dict[str, Any]:
    dossier, officer = scene.get("dossier", "own-draft"), scene.get("officer", "own")
    return {"workbook": workbooks.upload(workbooks.downloaded(dossier, officer))}


def _agencies(scene: Scene) -> dict[str, Any]:
    content = tables.book(("huyen-gan", "moi", "Phòng Mới"), title="Phòng, ban", headings=tables.AGENCIES)
    return {"file": SimpleUploadedFile("bang.xlsx", content)}


def _choice(scene: Scene) -> dict[str, Any]:
    return {f"dong-Thôn, bản:{scene.get('import', 'asked').rows.get().number}": "sua"}


def _preview(scene: Scene) -> dict[str, Any]:
    return {"seen": scene.get("import", "own").digest}


def _newcomer(scene: Scene) -> dict[str, Any]:
    return {"person": User.objects.get(username="moi.thu").pk}


def _seen(scene: Scene) -> dict[str, Any]:
    waiting = scene.get("workbook", "own-draft")
    found = comparing.compare(waiting.content, scene.get("dossier", "own-draft"), scene.get("officer", "own"), {})
    return {"seen": found.seen}


def _past_round(scene: Scene) -> dict[str, Any]:
    return {
        "name": "Kết quả năm 2023", "code": "CU-2023", "year": 2023, "period_from": "01/01/2023",
        "period_to": "31/12/2023", "workbook": workbooks.upload(result_books.book(**{"xa-thu": result_books.table()})),
        "authority": scene.get("round", "open").authority_id,
    }  # fmt: skip


def _results_seen(scene: Scene) -> dict[str, Any]:
    waiting = scene.get("results", "own")
    return {"seen": services.plan_results(services.order_of(waiting), by=waiting.by).seen}


def _record(scene: Scene) -> dict[str, Any]:
    row = scene.get("inspection", "own")
    version = row.__class__.objects.get(pk=row.pk).version
    return {"version": version, "mode": "on_site", "place": "Trụ sở"}


def _deadline(scene: Scene) -> dict[str, Any]:
    return {"version": 1, "what": "Bổ sung hồ sơ", "who": "UBND xã", "due_on": day(9)}


def _asked(scene: Scene) -> dict[str, Any]:
    key = scene.get("assessment", "own-fresh-2.1").pk
    return {"assessment": key, "reason_code": "thieu", "question": "Bổ sung."}


def _photo(scene: Scene) -> dict[str, Any]:
    return {"assessment": scene.get("assessment", "own-fresh-2.1").pk, "photos": [image_upload()]}


def _approval(scene: Scene) -> dict[str, Any]:
    return {"version": scene.get("notice", "draft").__class__.objects.get(pk=scene.get("notice", "draft").pk).version}


def _bundle(scene: Scene) -> dict[str, Any]:
    return {"bundle": SimpleUploadedFile("goi.zip", bundles.path_of(scene.get("bundle", "out")).read_bytes())}


def _signed_upload(_: Scene) -> dict[str, Any]:
    return {"signed": pdf_upload("da-ky.pdf")}


def _signature_upload(_: Scene) -> dict[str, Any]:
    return {"signature": pdf_upload("ky.p7s")}


# ---------------------------------------------------------------- the table

INSPECTS = "inspector colleague head coordinator viewer"  # reads everything of the rounds of the authority
READS = f"officer leader agency {INSPECTS}"
KEEPS = "coordinator administrator"
OTHER_TEAM = "outsider far_head"  # writes minutes of its own, and does not see this one
AGENCIES = "agency idle_agency"  # read the table of their own, not this one
NOT_ITS_READERS = "officer leader neighbour agency idle_agency"  # may read notices, but not this one yet

PORTAL = [
    page("home", " ".join(SIGNED_IN)),
    page("search", " ".join(SIGNED_IN), query="q=zq"),
    page("help", " ".join(ANYBODY), is_public=True),
    page("health", " ".join(ANYBODY), is_public=True),
    page("service-worker", " ".join(ANYBODY), is_public=True),
    form("login", "anonymous", is_public=True, others=302),
    act("logout", " ".join(SIGNED_IN), answer=302),
    # accounts
    form("communes:account", " ".join(SIGNED_IN), data=typed(phone="0912 345 678")),
    form("communes:password-change", " ".join(SIGNED_IN)),
    act("communes:token-revoke", " ".join(SIGNED_IN), answer=302),
    page("task-list", " ".join(SIGNED_IN)),
    # tin-bao/
    page("communes:notification-list", " ".join(SIGNED_IN)),
    act("communes:notification-open", "officer", "notification own", hides=" ".join(SIGNED_IN), answer=302),
    act("communes:notification-read", "officer", "notification own", hides=" ".join(SIGNED_IN), answer=302),
    act("communes:notifications-read", " ".join(SIGNED_IN), answer=302),
    form("communes:notification-choices", " ".join(SIGNED_IN), data=typed(wants_digest="daily")),
    # nguoi-dung/
    page("communes:user-list", KEEPS),
    form("communes:user-create", KEEPS),
    page("communes:user-detail", KEEPS, "user own"),
    form("communes:user-edit", KEEPS, "user own"),
    form("communes:user-reset-password", KEEPS, "user own", data=typed(yes="1"), then=200),
    act("communes:user-unlock", KEEPS, "user own", answer=302),
    act("communes:user-revoke-token", KEEPS, "user own", answer=302),
    form("communes:user-deactivate", KEEPS, "user own", data=typed(reason="Nghỉ hưu")),
    form("communes:user-reactivate", KEEPS, "user gone", data=typed(yes="1"), then=200),
    form("communes:user-hand-over", KEEPS, "user own"),
    form("communes:membership-add", KEEPS, "user own"),
    form("communes:membership-end", KEEPS, "membership own", data=lambda scene: {"on": day()}),
    # units
    page("communes:commune-list", f"{READS} administrator"),
    form("communes:commune-create", KEEPS),
    page("communes:commune-detail", f"{READS} idle_agency administrator", "commune own"),
    form("communes:commune-edit", KEEPS, "commune own"),
    form("communes:village-create", KEEPS, "commune own"),
    form("communes:recognition-add", KEEPS, "commune own"),
    form("communes:village-edit", KEEPS, "village own"),
    form("communes:recognition-end", KEEPS, "recognition own", data=lambda scene: {"on": day(), "reason": "Thu hồi"}),
    # tables in and out
    page("communes:exchange", KEEPS),
    page("communes:exchange-template", KEEPS, kind="thon-ban"),
    page("communes:exchange-export", KEEPS, kind="thon-ban", form="csv"),
    form("communes:exchange-import", KEEPS, kind="phong-ban", data=_agencies),
    page("communes:import-detail", "coordinator", "import own", hides="administrator"),
    act("communes:import-choose", "coordinator", "import asked", hides="administrator", data=_choice),
    act("communes:import-confirm", "coordinator", "import own", hides="administrator", data=_preview),
    act("communes:import-resume", "coordinator", "import stuck", hides="administrator", answer=302),
    act("communes:import-drop", "coordinator", "import own", hides="administrator", answer=302),
    form("communes:import-passwords", "coordinator", "import people", hides="administrator", data=_newcomer, then=200),
    form("communes:import-undo", "coordinator", "import done", hides="administrator", data=typed(yes="1")),
]

CRITERIA = [
    page("criteria:set-list", f"{READS} administrator"),
    form("criteria:set-create", "coordinator"),
    page("criteria:set-detail", f"{READS} administrator", "set published", shared=True),
    form("criteria:set-edit", "coordinator", "set draft", shared=True),
    act("criteria:set-copy", "coordinator", "set published", shared=True, answer=302),
    form("criteria:set-publish", "coordinator", "set draft", shared=True, data=typed(yes="1")),
    form("criteria:set-retire", "coordinator", "set published", shared=True, data=typed(yes="1")),
    form("criteria:criterion-add", "coordinator", "set draft", shared=True),
    form("criteria:criterion-edit", "coordinator", "criterion draft", shared=True),
    act("criteria:criterion-remove", "coordinator", "criterion draft", shared=True, answer=302),
    form("criteria:indicator-add", "coordinator", "criterion draft", shared=True),
    form("criteria:indicator-edit", "coordinator", "indicator draft", shared=True),
    act("criteria:indicator-remove", "coordinator", "indicator draft", shared=True, answer=302),
    form("criteria:indicator-agencies", "coordinator", "indicator published", shared=True, data=typed()),
    form("criteria:threshold-confirm", "administrator", "threshold published", shared=True),
]

COMMUNE = [
    page("inspections:dossier-list", READS),
    page("inspections:dossier-detail", READS, "dossier own-sent"),
    page("inspections:dossier-print", READS, "dossier own-sent"),
    page("inspections:dossier-trial", READS, "dossier own-sent"),
    act("inspections:dossier-check-files", "officer", "dossier own-draft", answer=302),
    page("inspections:dossier-history", READS, "dossier own-sent"),
    form("inspections:dossier-submit", "officer", "dossier own-draft", data=typed(confirmed="on")),
    page("inspections:dossier-submitted", "officer", "dossier own-sent"),
    act("inspections:dossier-recall", "officer", "dossier own-fresh", answer=302),
    page("inspections:dossier-returns", READS, "dossier own-returned"),
    act("inspections:item-answer", "officer", "item own-returned", data=typed(answer="Đã bổ sung.")),
    form("inspections:dossier-reply", "officer", "dossier own-provisional", data=typed(general="Giải trình.")),
    page("inspections:criterion-edit", READS, "dossier own-sent", number=2),
    act("inspections:evidence-upload", "officer", "dossier own-draft", number=2, data=_files),
    act("inspections:evidence-link", "officer", "dossier own-draft", number=2, data=_link),
    act("inspections:evidence-unlink", "officer", "proof own-draft",
        data=lambda scene: {"assessments": [scene.get("assessment", "own-draft-2.1").pk]}),
    act("inspections:papers-reuse", "officer", "dossier own-draft", number=2, answer=302),
    act("inspections:assessment-save", "officer", "entry own-draft-2.1", data=_entry),
    act("inspections:device-key", "officer"),
    # Without the headers of the protocol nothing begins: 412.
    door((*GET, "POST", "OPTIONS"), "inspections:upload-new", "officer", let_in=(("POST", 412), ("OPTIONS", 204))),
    door(TUS, "inspections:upload", "officer", "upload own",
         let_in=(("PATCH", 412), ("DELETE", 412), ("OPTIONS", 204))),
    act("inspections:numbers-reuse", "officer", "entry own-draft-2.1", answer=302),
    page("inspections:workbook-download", "officer", "dossier own-sent"),
    form("inspections:workbook-upload", "officer", "dossier own-draft", data=_workbook),
    form("inspections:workbook-check", "officer", "workbook own-draft", data=_seen),
    page("inspections:evidence-list", READS),
    form("inspections:evidence-add", "officer", data=lambda scene: {"kind": "document", "files": [pdf_upload()]}),
    page("inspections:evidence-detail", READS, "evidence own-sent"),
    form("inspections:evidence-edit", "officer", "evidence own-sent", data=typed(kind="document", title="Báo cáo")),
    form("inspections:evidence-replace", "officer", "evidence own-sent",
         data=lambda scene: {"kind": "document", "file": pdf_upload()}),
    form("inspections:evidence-replace-check", "officer", "newer own-draft", data=_moves),
    act("inspections:evidence-remove", "officer", "evidence own-library", answer=302),
    page("inspections:evidence-download", READS, "evidence own-sent"),
    page("inspections:evidence-page", READS, "evidence own-sent", number=1),
]  # fmt: skip

TEAM = [
    page("inspections:round-list", INSPECTS),
    form("inspections:round-create", "coordinator"),
    form("inspections:results-import", "coordinator"),
    form("inspections:results-check", "coordinator", "results own", data=_results_seen),
    # A round with dossiers of the communes takes no results.
    form("inspections:results-import-again", "coordinator", "round open", data=_past_round, then=409),
    page("inspections:results-export", INSPECTS, "round open"),
    page("inspections:round-detail", INSPECTS, "round open"),
    form("inspections:round-edit", "coordinator", "round open"),
    form("inspections:round-open", "coordinator", "round setup", data=typed(yes="1")),
    form("inspections:round-close", "coordinator", "round open", data=typed(yes="1")),
    form("inspections:round-cancel", "coordinator", "round open", data=typed(reason="Hủy thử")),
    form("inspections:round-units", "coordinator", "round setup"),
    act("inspections:unit-remove", "coordinator", "unit setup", answer=302),
    form("inspections:unit-extend", "coordinator", "unit open", data=lambda scene: {"until": day(40), "reason": "Lũ"}),
    form("inspections:unit-extend-reply", "coordinator", "unit open",
         data=lambda scene: {"until": day(60), "reason": "Lũ"}),
    form("inspections:unit-end-extension", "coordinator", "unit open", then=400, data=typed(reason="Hết lũ")),
    form("inspections:unit-leave-out", "coordinator", "unit open", data=typed(reason="Chưa làm hồ sơ")),
    form("inspections:round-team", "coordinator", "round setup"),
    form("inspections:member-edit", "coordinator", "member setup", data=typed(position="member")),
    act("inspections:member-remove", "coordinator", "member setup", answer=302),
    page("inspections:queue", "agency inspector colleague head"),
    form("inspections:bulk-conclude", "inspector colleague head", data=_complete),
    page("inspections:bulk-concluded", "inspector colleague head"),
    form("inspections:phrase-list", "inspector colleague head coordinator", data=typed(text="Chưa có biên bản.")),
    form("inspections:phrase-edit", "head coordinator", "phrase own", hides="outsider",
        data=typed(text="Chưa nghiệm thu công trình.")),
    act("inspections:phrase-remove", "head coordinator", "phrase own", hides="outsider", answer=302),
    page("inspections:review-dossier", f"agency {INSPECTS}", "dossier own-sent"),
    page("inspections:review-criterion", f"agency {INSPECTS}", "dossier own-sent", number=2),
    act("inspections:criterion-looked", f"agency {INSPECTS}", "dossier own-fresh", number=2, answer=302),
    act("inspections:criterion-conclude", "inspector head", "dossier own-fresh", number=1, data=_conclusion),
    act("inspections:indicator-conclude", "inspector head", "assessment own-fresh-1.1",
        data=verdict("own-fresh-1.1", "chi-tieu")),
    act("inspections:item-return", "inspector head", "assessment own-fresh-1.1", data=_question),
    act("inspections:opinion-give", "agency", "assessment own-fresh-2.1", data=verdict("own-fresh-2.1", "y-kien")),
    act("inspections:item-ask-again", "inspector head", "asked own-sent", data=_further_question),
    act("inspections:item-settle", "inspector head", "asked own-sent", answer=302),
    act("inspections:item-withdraw", "inspector head", "asked own-returned", answer=302),
    form("inspections:dossier-provisional", "head", "dossier own-ready", data=typed(yes="1")),
    form("inspections:dossier-approve", "head", "dossier own-replied", data=typed(yes="1")),
    form("inspections:dossier-take-up-reply", "head", "dossier own-replied", data=typed(reason="Xem lại")),
    act("inspections:reply-respond", "inspector head", "explained own-replied", data=_final_word),
    form("inspections:dossier-remind", "head", "dossier own-provisional", answer=200, then=400,
         data=lambda scene: {"until": day(5), "reason": "Nhắc xã"}),
    form("inspections:dossier-reopen", "head", "dossier own-concluded", data=typed(reason="Xem lại")),
    page("inspections:dossier-decided", "head", "dossier own-concluded"),
    page("inspections:visit-detail", INSPECTS, "visit own"),
    act("inspections:visit-save", "inspector head", "visit own", data=_record),
    act("inspections:visit-end", "inspector head", "visit own", answer=302),
    act("inspections:visit-resume", "inspector head", "visit near", answer=302),
    act("inspections:deadline-add", "inspector head", "visit own", data=_deadline),
    form("inspections:deadline-edit", "inspector head", "deadline own", data=_deadline),
    act("inspections:deadline-remove", "inspector head", "deadline own", data=typed(version="1")),
    form("inspections:deadline-ask", "inspector head", "deadline own", data=_asked),
    act("inspections:signed-attach", "inspector head", "visit own", data=_signed_upload),
    page("inspections:signed-download", INSPECTS, "signed own", hides=NOT_ITS_READERS),
    page("inspections:field-list", INSPECTS, "visit own"),
    page("inspections:field-criterion", INSPECTS, "conclusion own-fresh"),
    act("inspections:finding-save", "inspector head", "conclusion own-fresh", data=typed(version="1", text="Được.")),
    act("inspections:photo-add", "inspector head", "conclusion own-fresh", data=_photo),
    form("inspections:sheet-print", "inspector head", "visit own", data=typed(yes="1"), then=200),
    act("inspections:sheet-revoke", "inspector head", "visit own", answer=302),
    form("inspections:sheet-upload", " ".join(ANYBODY), is_public=True),
]  # fmt: skip

NOTICES = [
    page("reports:public-list", " ".join(ANYBODY), is_public=True),
    page("reports:public-detail", " ".join(ANYBODY), "notice issued", is_public=True),
    page("reports:public-file", " ".join(ANYBODY), "notice issued", is_public=True),
    page("reports:public-rendition", " ".join(ANYBODY), "notice issued", is_public=True, part="khong-ky"),
    page("reports:public-feed", " ".join(ANYBODY), is_public=True),
    form("reports:verify", " ".join(ANYBODY), is_public=True),
    page("reports:overview", f"agency {INSPECTS}"),
    page("reports:overview-of", f"agency {INSPECTS}", "authority own"),
    page("reports:overview-list", f"agency {INSPECTS}", "authority own", kind="chua-nop"),
    page("reports:overview-course", f"agency {INSPECTS}", "authority own"),
    # tong-quan/: for leaders; a commune reads its own page
    page("reports:profile", f"officer leader {INSPECTS}", "commune own", hides="agency idle_agency"),
    page("reports:compare", INSPECTS),
    page("reports:what-if", INSPECTS),
    page("reports:lapsing", INSPECTS),
    page("reports:notice-list", INSPECTS),
    page("reports:round-minutes", INSPECTS, "round open"),
    page("reports:table-list", f"agency idle_agency {INSPECTS}", "round open"),
    page("reports:table-detail", INSPECTS, "round open", set_code="xa-thu", key="tieu-chi-2", hides=AGENCIES),
    page("reports:table-file", INSPECTS, "round open", set_code="xa-thu", key="tong-hop", kind="xlsx", hides=AGENCIES),
    form("reports:bundle-export", "coordinator", "round open", data=typed(yes="1")),
    page("reports:bundle-file", "coordinator", "bundle out"),
    form("reports:bundle-upload", "coordinator", data=_bundle),
    form("reports:bundle-check", "coordinator", "bundle in", let_in=(("POST", 400),)),
    page("reports:table-detail", INSPECTS, "round open", set_code="xa-concluded", key="tieu-chi-2", hides=AGENCIES),
    page(
        "reports:table-file",
        INSPECTS,
        "round open",
        set_code="xa-concluded",
        key="tong-hop",
        kind="xlsx",
        hides=AGENCIES,
    ),
    act(
        "reports:minutes-create",
        "inspector head",
        "inspection own",
        kind="bien-ban",
        hides="far_coordinator",
        answer=302,
    ),
    form("reports:notice-redraft", "coordinator", "notice draft", hides=OTHER_TEAM, data=_approval),
    act("reports:report-bind", "coordinator", "notice issued", answer=302),
    act("reports:notice-create", "coordinator", data=lambda scene: {"round": scene.get("round", "open").pk}),
    page("reports:notice-preview", INSPECTS, "notice draft", hides=NOT_ITS_READERS),
    page("reports:notice-draft-pdf", INSPECTS, "notice issued"),
    page("reports:notice-download", f"{READS} idle_agency neighbour", "notice issued", wanted="json"),
    page("reports:notice-file", f"{READS} idle_agency neighbour", "notice issued"),
    form("reports:notice-approve", "head", "notice draft", data=_approval),
    act("reports:notice-send-back", "head", "notice approved", data=typed(reason="Sửa số liệu")),
    form("reports:notice-number", "coordinator", "notice approved"),
    form("reports:notice-issue", "coordinator", "notice approved"),
    page("reports:notice-issued", "coordinator", "notice issued"),
    page("reports:notice-rendition", f"{READS} idle_agency neighbour", "notice issued", part="docx"),
    form("reports:notice-replace", "coordinator", "notice issued", hides=OTHER_TEAM, data=typed(reason="Sửa số liệu")),
    form(
        "reports:replacement-abandon",
        "coordinator",
        "notice replacing",
        hides=OTHER_TEAM,
        data=typed(reason="Không sai"),
    ),
    page("reports:notice-signing", "head coordinator", "notice approved"),
    act("reports:signing-start", "head coordinator", "notice approved", answer=302),
    act("reports:signing-void", "head coordinator", "notice approved", data=typed(reason="Ký nhầm")),
    page("reports:signing-file", "head coordinator", "notice issued"),
    act("reports:signing-upload", "head coordinator", "notice approved", data=_signed_upload),
    act("reports:signing-request", "head coordinator", "notice approved", data=typed(step="So")),
    page("reports:signing-request-file", "head coordinator", "notice asked"),
    act("reports:signing-complete", "head coordinator", "notice approved", data=_signature_upload),
    page("reports:notice-edit", "coordinator", "notice draft", hides=OTHER_TEAM),
    page("reports:notice-figures", INSPECTS, "notice draft", query="ten=bình quân xa-thu"),
    page("reports:notice-changes", INSPECTS, "notice draft"),
    page("reports:follow-up-list", READS),
    page("reports:follow-up", READS, "follow own", hides=OTHER_TEAM),
    act(
        "reports:follow-up-note",
        "officer agency coordinator",
        "follow own",
        hides=OTHER_TEAM,
        data=_followed(text="Đã làm xong một nửa."),
    ),
    act("reports:follow-up-terms", "coordinator", "follow own", data=_followed(due_on=day(3))),
    act("reports:follow-up-end", "coordinator", "follow own", data=_followed(how="done", note="Đã kiểm tra.")),
    act("reports:follow-up-reopen", "coordinator", "follow done", data=_followed("done", reason="Chưa đạt.")),
    page("reports:follow-up-proof", f"officer leader {INSPECTS}", "follow_proof own", hides="agency idle_agency"),
    page("reports:monthly-list", f"agency {INSPECTS}"),
    page("reports:monthly-report", f"agency {INSPECTS}", "monthly sent"),
    page("reports:monthly-table", f"agency {INSPECTS}", month=date(2025, 5, 1), wanted="csv"),
    act("reports:monthly-save", "agency", "monthly own", data=typed(version="0")),
    act("reports:monthly-submit", "agency", "monthly own", data=typed(version="0")),
    act("reports:monthly-correct", "agency", "monthly sent", data=typed(reason="Nhầm số liệu")),
    act("reports:monthly-remind", "coordinator", "monthly own", answer=302),
    form(
        "reports:monthly-rule", "coordinator", "authority own", data=typed(version="1", day="15", first_month="01/2025")
    ),
    page("reports:library", "coordinator"),
    act("reports:snippet-rename", "coordinator", "snippet own", data=typed(title="Tên mới")),
    act("reports:snippet-withdraw", "coordinator", "snippet own", answer=302),
    page("reports:section-texts", "coordinator", "section draft", hides=OTHER_TEAM),
    act(
        "reports:section-take",
        "coordinator",
        "section draft",
        hides=OTHER_TEAM,
        data=lambda scene: {"doan": f"doan-{scene.get('snippet', 'own').pk}"},
    ),
    act("reports:section-keep", "coordinator", "section draft", data=typed(title="Đoạn thử")),
    page("reports:notice-pages", "coordinator", "notice draft", hides=OTHER_TEAM),
    page("reports:notice-page", "coordinator", "printed draft", hides=OTHER_TEAM, number=1),
    form("reports:notice-details", "coordinator", "notice draft", hides=OTHER_TEAM),
    act("reports:recommendations-save", "coordinator", "notice draft", hides=OTHER_TEAM, data=typed(**NO_ADDRESSEES)),
    form(
        "reports:finding",
        "coordinator head",
        "finding flawed",
        hides=OTHER_TEAM,
        data=typed(reason="Viết theo văn bản gốc."),
    ),
    act("reports:finding-withdraw", "coordinator head", "finding flawed", hides=OTHER_TEAM, answer=302),
    act(
        "reports:section-add", "coordinator", "notice draft", hides=OTHER_TEAM, data=typed(heading="Mục thử", level="1")
    ),
    act(
        "reports:section-save",
        "coordinator",
        "section draft",
        hides=OTHER_TEAM,
        data=typed(heading="Mục", body="Chữ", version="1"),
    ),
    act("reports:section-remove", "coordinator", "section draft", hides=OTHER_TEAM, answer=302),
    act("reports:section-move", "coordinator", "section draft", hides=OTHER_TEAM, direction="xuong", answer=302),
]


def read(name: str, may: str, on: str = "", **more: Any) -> Door:
    return page(f"api:{name}", may, on, to_strangers=401, **more)


def move(name: str, may: str, on: str, **more: Any) -> Door:
    return act(f"api:{name}", may, on, to_strangers=401, **{"then": 200, **more})


UNITS = f"{READS} idle_agency administrator"
PUBLISHED = f"{READS} idle_agency neighbour"
API = [
    page("api:schema", " ".join(ANYBODY), is_public=True),
    page("api:docs", " ".join(ANYBODY), is_public=True),
    door(
        ("POST", "DELETE"), "api:token", " ".join(ANYBODY), is_public=True, to_strangers=401, answer=400,
        by_method=(("DELETE", 204),), then=200,
        data=lambda scene: {"username": scene.people["officer"].username, "password": PASSWORD},
    ),
    read("authority-list", UNITS),
    read("authority-detail", f"{UNITS} neighbour", "authority own"),
    read("agency-list", UNITS),
    read("agency-detail", f"{UNITS} neighbour", "agency agency"),
    read("commune-list", UNITS),
    read("commune-detail", UNITS, "commune own"),
    read("village-list", UNITS),
    read("village-detail", UNITS, "village own"),
    read("criteria-set-list", UNITS),
    read("criteria-set-detail", UNITS, "whole_set published", shared=True),
    read("round-list", INSPECTS),
    read("round-detail", INSPECTS, "round open"),
    read("round-figures", INSPECTS, "round open"),
    read("round-matrix", INSPECTS, "round open"),
    move("round-open", "coordinator", "round setup"),
    move("round-close", "coordinator", "closable draft"),
    read("inspection-list", INSPECTS),
    read("inspection-detail", INSPECTS, "visit own"),
    read("dossier-list", READS),
    read("dossier-detail", READS, "dossier own-sent"),
    move("dossier-submit", "officer", "dossier own-draft", data=typed(accept_missing=True)),
    move("dossier-return", "inspector head", "dossier own-fresh", data=_questions),
    move("dossier-conclude", "head", "dossier own-replied"),
    move("dossier-reopen", "head", "dossier own-concluded", data=typed(reason="Xem lại")),
    read("assessment-list", READS, "within own-sent"),
    door(
        ("GET", "HEAD", "PATCH"), "api:assessment-detail", READS, "entered own-draft-2.1", to_strangers=401,
        only=(("PATCH", "officer"),), let_in=(("PATCH", 400),),
    ),
    read("event-list", "administrator"),
    door(
        FORM, "api:evidence-list", READS, to_strangers=401, only=(("POST", "officer"),), then=201,
        data=lambda scene: {"commune": scene.get("commune", OWN).pk, "file": pdf_upload()},
    ),
    read("evidence-detail", READS, "evidence own-sent"),
    read("evidence-download", READS, "evidence own-sent"),
    read("notice-list", PUBLISHED),
    read("notice-detail", PUBLISHED, "notice issued"),
    *(read(f"notice-{wanted}", PUBLISHED, "notice issued") for wanted in ("pdf", "docx", "html", "json")),
    move("notice-approve", "head", "notice draft", data=_approval),
    move("notice-issue", "coordinator", "notice approved", data=lambda scene: {"issued_on": str(clock.today())}),
    move("notice-supersede", "coordinator", "notice issued", hides=OTHER_TEAM, then=201, data=typed(reason="Sửa số")),
    read("recommendation-list", PUBLISHED),
    read("recommendation-detail", PUBLISHED, "advice issued"),
]  # fmt: skip

# ---------------------------------------------------------------- administration site

# {model: what the administrator may do besides reading}; nothing is ever deleted there.
ADMIN_MODELS = {
    "communes_authority": "add change",
    "communes_agency": "add change",
    "communes_commune": "add change",
    "communes_village": "add change",
    "communes_legaldocument": "add change",
    "communes_user": "change",
    "communes_recognition": "",
    "communes_membership": "",
    "communes_event": "",
    "criteria_criteriaset": "",
    "criteria_criterion": "",
    "criteria_indicator": "",
    "criteria_evidencerequirement": "",
    "criteria_agencyassignment": "",
    "criteria_thresholdconfirmation": "",
    "inspections_inspectionround": "",
    "inspections_dossier": "",
    "reports_issueddocument": "",
}
NOBODY = ""


def of_model(model: str, allowed: str) -> list[Door]:
    """The pages of one model; a change page without the right to change only shows."""
    who, on = "administrator", f"admin {model}"
    return [
        form(f"admin:{model}_changelist", who),
        form(f"admin:{model}_add", who if "add" in allowed else NOBODY),
        form(f"admin:{model}_history", who, on),
        form(f"admin:{model}_delete", NOBODY, on),
        form(f"admin:{model}_change", who, on, data=None if "change" in allowed else typed(x="1"), then=403),
    ]


ADMIN = [
    form("admin:index", "administrator"),
    form("admin:login", "anonymous administrator", answer=302, is_public=True),
    act("admin:logout", "administrator", answer=302),
    form("admin:password_change", "administrator", answer=302),
    page("admin:password_change_done", "administrator"),
    page("admin:jsi18n", "administrator"),
    form("admin:app_list", "administrator", app_label="communes"),
    page("admin:autocomplete", "administrator",
         query="app_label=communes&model_name=commune&field_name=successor&term="),
    form("admin:view_on_site", "administrator", "site communes_commune", answer=302),
    *(line for model, allowed in ADMIN_MODELS.items() for line in of_model(model, allowed)),
]  # fmt: skip

DOORS = {line.name: line for line in (*PORTAL, *CRITERIA, *COMMUNE, *TEAM, *NOTICES, *API, *ADMIN)}
