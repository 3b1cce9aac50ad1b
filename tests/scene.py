"""The scene of the door tests: two communes of a district and one of another, dossiers in every state, all people.

Every text that somebody typed holds a word of its own (`word`), with the list of people who may read it: a
page that shows such a word to anybody else lets something out.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import File

from communes import clock
from communes import services as accounts
from communes.models import Agency, Authority, Commune, Membership, Recognition, User
from communes.permissions import Role
from criteria import services as criteria_services
from criteria.judgement import Judgement
from criteria.models import AgencyAssignment, CriteriaSet, EvidenceRequirement, Threshold, ThresholdConfirmation
from inspections import services
from inspections.models import Dossier, Evidence, ReturnItem, TeamMember
from reports import monthly as reading
from reports import services as notices
from reports.models import FollowUp, Notice
from reports.services import bundles, following, monthly

from .communes import tables
from .factories import AgencyFactory, AuthorityFactory, CommuneFactory, UserFactory, VillageFactory, person
from .inspections import factories as work
from .inspections import result_books, workbooks
from .reports import factories as paper

STATES = ("draft", "fresh", "sent", "returned", "ready", "provisional", "replied", "concluded")
OWN, NEAR, FAR = "own", "near", "far"  # the officer's commune, the neighbour's, one of another district

TEAM_SIDE = {"inspector", "colleague", "head", "coordinator", "viewer"}
OTHER_DISTRICT = {"outsider", "far_coordinator", "far_head"}
# The administrator reads the journal, which keeps what was typed, in the administration site.
ALWAYS = {"administrator"}


@dataclass
class Scene:
    """people: {name: User or None for anonymous}; things: {kind: {name: object}}; words: {word: who may read it}."""

    people: dict[str, User | None] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)

    def word(self, place: str, what: str, *, side: set[str] | None = None, agency: bool = False) -> str:
        """A word nobody else uses; side: who of that place's own people may read it besides those who inspect."""
        team = OTHER_DISTRICT if place == FAR else TEAM_SIDE
        near = {OWN: {"officer", "leader"}, NEAR: {"neighbour"}, FAR: set()}[place] if side is None else side
        readers = team | near | ALWAYS | ({"agency"} if agency and place != FAR else set())
        # Letters only: it survives escaping, addresses and JSON, and stands in no other word.
        word = f"zq{place}{what}zq".replace("-", "")
        self.words[word] = frozenset(readers)
        return word

    def put(self, kind: str, name: str, thing: Any) -> Any:
        self.things.setdefault(kind, {})[name] = thing
        return thing

    def get(self, kind: str, name: str) -> Any:
        return self.things[kind][name]

    def first(self, model: str) -> Any:
        """Some row of a model: "communes_user"."""
        return apps.get_model(model.replace("_", ".", 1)).objects.order_by("pk").first()

    def content_type(self, model: str) -> int:
        return ContentType.objects.get_for_model(apps.get_model(model.replace("_", ".", 1))).pk


def build() -> Scene:
    """Everything, made by the services that people use; needs a database to write in."""
    scene = Scene()
    province, district, other = _authorities(scene)
    communes = _places(scene, district, other)
    _people(scene, province, district, other, communes)
    sets = _sets(scene)
    near_world = work.open_round(district, communes=[], criteria_set=sets["draft"], is_open=False, code="GAN-1")
    far_world = work.open_round(other, communes=[], criteria_set=sets["draft"], is_open=False, code="XA-1")
    for name, user in (
        ("inspector", near_world.inspector), ("head", near_world.head), ("coordinator", near_world.coordinator),
        ("outsider", far_world.inspector), ("far_head", far_world.head), ("far_coordinator", far_world.coordinator),
    ):  # fmt: skip
        scene.people[name] = user
    for place, world in ((OWN, near_world), (NEAR, near_world), (FAR, far_world)):
        for set_ in sets.values():
            services.add_unit(world.round, by=world.coordinator, criteria_set=set_, commune=communes[place])
    for world in (near_world, far_world):
        services.open_round(world.round, by=world.coordinator)
    for place, world in ((OWN, near_world), (NEAR, near_world), (FAR, far_world)):
        officer = scene.get("officer", place)
        for state, set_ in sets.items():
            dossier = world.round.dossiers.get(inspection__commune=communes[place], criteria_set=set_)
            _play(scene, place, state, _fresh(dossier), world, officer)
        _library(scene, place, communes[place], officer)
    for place in (OWN, NEAR, FAR):
        _workbook(scene, place)
    _results(scene, near_world)
    _round_things(scene, near_world, far_world, sets)
    _notices(scene, district, other)
    _bundles(scene)
    _imports(scene)
    scene.put("notification", OWN, scene.people["officer"].notifications.order_by("pk").first())
    return scene


# ---------------------------------------------------------------- places and people


def _authorities(scene: Scene) -> tuple[Authority, Authority, Authority]:
    province = AuthorityFactory(code="tinh-canh", name="UBND tỉnh Cảnh", kind=Authority.Kind.PROVINCE)
    district = AuthorityFactory(code="huyen-gan", name="UBND huyện Gần", parent=province)
    other = AuthorityFactory(code="huyen-xa", name="UBND huyện Xa", parent=province)
    for name, authority in ((OWN, district), (FAR, other)):
        scene.put("authority", name, authority)
    return province, district, other


def _places(scene: Scene, district: Authority, other: Authority) -> dict[str, Commune]:
    places = ((OWN, district, "Phúc Khoa"), (NEAR, district, "Nậm Cần"), (FAR, other, "Xa Lạ"))
    found = {}
    for number, (place, authority, name) in enumerate(places):
        commune = scene.put("commune", place, CommuneFactory(authority=authority, code=f"0370{number}", name=name))
        village = VillageFactory(commune=commune, code=f"0370{number}-01", name=f"Bản {place}")
        scene.put("village", place, village)
        title = Recognition.objects.create(
            commune=commune, title=Recognition.Title.NTM, decision="12/QĐ-UBND", valid_from=clock.today()
        )
        scene.put("recognition", place, title)
        found[place] = commune
    return found


def _people(
    scene: Scene, province: Authority, district: Authority, other: Authority, communes: dict[str, Commune]
) -> None:
    """All but those who come with a round: inspector, head, coordinator, and theirs of the other district."""
    agency, idle = AgencyFactory(authority=district, name="Phòng Có Việc"), AgencyFactory(authority=district)
    scene.put("agency", "agency", agency)
    scene.people |= {
        "anonymous": None,
        "stranger": UserFactory(full_name="Người Không Vai Trò"),
        "officer": person(Role.COMMUNE_OFFICER, commune=communes[OWN]),
        "leader": person(Role.COMMUNE_LEADER, commune=communes[OWN]),
        "neighbour": person(Role.COMMUNE_OFFICER, commune=communes[NEAR]),
        "agency": person(Role.AGENCY_REVIEWER, agency=agency),
        "idle_agency": person(Role.AGENCY_REVIEWER, agency=idle),
        "colleague": person(Role.INSPECTOR, authority=district),
        "viewer": person(Role.VIEWER, authority=district),
        "administrator": person(Role.ADMINISTRATOR, authority=province),
    }
    far_officer = person(Role.COMMUNE_OFFICER, commune=communes[FAR])
    for place, officer in ((OWN, "officer"), (NEAR, "neighbour")):
        scene.put("officer", place, scene.people[officer])
        scene.put("user", place, scene.people[officer])
    scene.put("officer", FAR, far_officer)
    scene.put("user", FAR, far_officer)
    gone = person(Role.COMMUNE_OFFICER, commune=communes[NEAR])
    accounts.deactivate(gone, reason="nghỉ hưu", by=scene.people["administrator"])
    scene.put("user", "gone", gone)
    for place in (OWN, NEAR, FAR):
        scene.put("membership", place, Membership.objects.get(user=scene.get("user", place)))


# ---------------------------------------------------------------- sets


def _sets(scene: Scene) -> dict[str, CriteriaSet]:
    """One published set for each state, so that a commune has a dossier in each; the agency is in charge of 2.1."""
    agency: Agency = scene.get("agency", "agency")
    sets = {state: work.small_set(code=f"xa-{state}", short_name=f"Bộ {state}") for state in STATES}
    for set_ in sets.values():
        AgencyAssignment.objects.create(indicator=set_.indicators.get(code="2.1"), agency=agency)
    draft = work.small_set(code="xa-moi", is_published=False, short_name="Bộ mới")
    done = work.small_set(code="xa-cu", short_name="Bộ cũ")
    scene.put("set", "published", done)
    scene.put("set", "draft", draft)
    for name in ("draft", "published"):
        set_ = scene.get("set", name)
        scene.put("criterion", name, set_.criteria.get(number=1))
        scene.put("indicator", name, set_.indicators.get(code="2.1"))
        scene.put("threshold", name, Threshold.objects.get(indicator__criteria_set=set_, indicator__code="2.2"))
    criteria_services.confirm_threshold(
        Threshold.objects.get(indicator__criteria_set=sets["draft"], indicator__code="2.2"),
        decision="12/QĐ-UBND", article="1", on=clock.today(), by=scene.people["administrator"],
    )  # fmt: skip
    scene.put("requirement", "any", EvidenceRequirement.objects.filter(criterion__criteria_set=done).first())
    scene.put("assignment", "any", AgencyAssignment.objects.first())
    scene.put("confirmation", "any", ThresholdConfirmation.objects.first())
    return sets


# ---------------------------------------------------------------- dossiers


def _fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.with_context().get(pk=dossier.pk)


def _play(scene: Scene, place: str, state: str, dossier: Dossier, world: work.World, officer: User) -> None:
    """Bring a dossier into a state, with a word of its own in everything that is typed on the way."""
    scene.put("dossier", f"{place}-{state}", dossier)
    work.fill(dossier, by=officer)
    for code, is_agencys in (("1.1", False), ("2.1", True)):
        word = scene.word(place, f"{state}remark{code[0]}", agency=is_agencys)
        work.enter(dossier, code, by=officer, remark=f"Thuyết minh {word}")
        proof = scene.word(place, f"{state}proof{code[0]}", agency=is_agencys)
        work.prove(dossier, code, by=officer, title=f"Biên bản {proof}", upload=work.pdf_upload(f"{proof}.pdf"))
        scene.put("assessment", f"{place}-{state}-{code}", work.assessment_of(dossier, code))
    scene.put("evidence", f"{place}-{state}", Evidence.objects.get(title__contains=f"{place}{state}proof2"))
    dossier = _fresh(dossier)
    if state != "draft":
        services.submit(dossier, by=officer)
    if state in ("sent", "returned"):
        _under_review(scene, place, state, dossier, world, officer)
    elif state in ("ready", "provisional", "replied", "concluded"):
        _decided(scene, place, state, dossier, world, officer)
    scene.put("dossier", f"{place}-{state}", _fresh(dossier))


def _under_review(scene: Scene, place: str, state: str, dossier: Dossier, world: work.World, officer: User) -> None:
    """A question (2.1 answered, or 1.1 still out), and conclusions that the commune must not see."""
    code = "2.1" if state == "sent" else "1.1"
    word = scene.word(place, f"{state}question", agency=code == "2.1")
    item = work.send_back(dossier, code, by=world.inspector, question=f"Bổ sung {word}")
    if state == "sent":
        word = scene.word(place, f"{state}answer", agency=True)
        services.answer_item(ReturnItem.objects.get(pk=item.pk), answer=f"Đã bổ sung {word}", by=officer)
    scene.put("item", f"{place}-{state}", ReturnItem.objects.select_related("assessment__indicator").get(pk=item.pk))
    _opine(scene, place, state, dossier, is_disclosed=False)
    _conclude(scene, place, state, _fresh(dossier), world, numbers=(3,), is_disclosed=False)


def _decided(scene: Scene, place: str, state: str, dossier: Dossier, world: work.World, officer: User) -> None:
    is_disclosed = state != "ready"
    _opine(scene, place, state, dossier, is_disclosed=is_disclosed)
    _conclude(scene, place, state, _fresh(dossier), world, numbers=(1, 2, 3), is_disclosed=is_disclosed)
    dossier = _fresh(dossier)
    if state == "ready":
        return
    services.make_provisional(dossier, by=world.head)
    if state in ("replied", "concluded"):
        word = scene.word(place, f"{state}reply")
        about = work.conclusion_of(dossier, 1)
        said = scene.word(place, f"{state}explained")
        services.reply(
            _fresh(dossier), by=officer, general=f"Giải trình {word}", replies={about.criterion: f"Có thêm {said}"}
        )
        reply = scene.put("reply", f"{place}-{state}", about.replies.get())
        reply.conclusion = work.conclusion_of(dossier, 1)
        last = scene.word(place, f"{state}finalword", side=set() if state == "replied" else None)
        services.respond(reply, response=f"Ý kiến cuối {last}", by=world.inspector)
    if state == "concluded":
        services.approve(_fresh(dossier), by=world.head)


def _opine(scene: Scene, place: str, state: str, dossier: Dossier, *, is_disclosed: bool) -> None:
    """The agency in charge holds an opinion on 2.1; only the district of the scene has one."""
    if place == FAR:
        return
    word = scene.word(place, f"{state}opinion", side=None if is_disclosed else set(), agency=True)
    row = work.assessment_of(_fresh(dossier), "2.1")
    services.give_opinion(
        row, judgement=Judgement.NOT_MET, reason=f"Ý kiến {word}", by=scene.people["agency"], version=row.version
    )


def _conclude(
    scene: Scene,
    place: str,
    state: str,
    dossier: Dossier,
    world: work.World,
    *,
    numbers: tuple[int, ...],
    is_disclosed: bool,
) -> None:
    """Conclude criteria as not met; the reason of criterion 2 is also that of the agency's indicator."""
    for number in numbers:
        side = None if is_disclosed else set()
        word = scene.word(place, f"{state}reason{number}", side=side, agency=is_disclosed)
        row = work.conclusion_of(dossier, number)
        services.conclude_criterion(
            row, verdict=Judgement.NOT_MET, reason=f"Lý do {word}", by=world.inspector, version=row.version
        )


def _library(scene: Scene, place: str, commune: Commune, officer: User) -> None:
    """A piece of evidence that proves nothing yet: for the own commune's eyes only."""
    word = scene.word(place, "library")
    scene.words[word] -= TEAM_SIDE | OTHER_DISTRICT
    found = services.add_evidence(
        commune, work.pdf_upload(f"{word}.pdf"), meta={"title": f"Tài liệu {word}"}, by=officer
    )
    scene.put("evidence", f"{place}-library", found.evidence)
    scene.put("upload", place, services.start_upload(commune, name=f"{word}.pdf", length=9, by=officer))


def _workbook(scene: Scene, place: str) -> None:
    """A workbook that came back with one change and waits for its officer."""
    dossier, officer = scene.get("dossier", f"{place}-draft"), scene.get("officer", place)
    content = workbooks.edited(workbooks.downloaded(dossier, officer), {("2.1", workbooks.Column.NUMBER): 7})
    scene.put("workbook", f"{place}-draft", workbooks.kept(content, dossier, officer))


def _results(scene: Scene, world: work.World) -> None:
    """Results of a past round that wait for their coordinator's confirmation."""
    commune, authority = scene.get("commune", OWN), world.round.authority
    set_ = scene.get("set", "published")
    numbers = len(set_.criteria.all())
    rows = result_books.table((commune.code, commune.name, *["Đ"] * numbers), criteria=numbers)
    upload = services.keep_results(
        by=world.coordinator,
        code="GAN-CU",
        sheets=[result_books.sheet(set_.code, rows)],
        name="ket-qua.xlsx",
        sha256="0" * 64,
        columns=result_books.past(authority),
    )
    scene.put("results", OWN, upload)


def _imports(scene: Scene) -> None:
    """Files of the coordinator: one that waits for its confirmation, one with a choice, one taken, one left behind."""
    by = scene.people["coordinator"]
    scene.put("import", OWN, tables.start(tables.book(tables.village("03700-71")), by))
    scene.put("import", "asked", tables.start(tables.book(tables.village("03701-72", of="Nậm Cắn")), by))
    scene.put("import", "done", tables.confirm(tables.start(tables.book(tables.village("03700-73")), by), by))
    people = tables.people(("moi.thu", "Lò Thị Mới", "Công chức xã", "03700"))
    scene.put("import", "people", tables.confirm(tables.start(people, by, "nguoi-dung"), by))
    stuck = tables.start(tables.book(tables.village("03700-74")), by)
    stuck.status, stuck.touched_at = "checking", None
    stuck.save()
    scene.put("import", "stuck", stuck)


# ---------------------------------------------------------------- rounds and notices


def _round_things(scene: Scene, near: work.World, far: work.World, sets: dict[str, CriteriaSet]) -> None:
    """The running rounds, and one still being set up with a unit and a member."""
    spare = scene.get("set", "published")
    setup = work.open_round(
        near.round.authority, communes=[scene.get("commune", OWN)], criteria_set=spare, is_open=False, code="GAN-MOI"
    )
    for name, world in (("open", near), ("setup", setup), (FAR, far)):
        scene.put("round", name, world.round)
        scene.put("inspection", OWN if name == "open" else name, world.round.inspections.order_by("pk").first())
        scene.put("unit", name, world.round.units.order_by("pk").first())
        scene.put("member", name, world.round.team.get(user=world.inspector))
    for name, world in (("own", near), (FAR, far)):
        word = scene.word(name, "phrase", side=set())
        offered = services.add_phrase(
            authority=world.round.authority, text=f"Câu mẫu {word}", is_shared=True, by=world.coordinator
        )
        scene.put("phrase", name, offered)
    for place, world in ((OWN, near), (NEAR, near), (FAR, far)):
        _visit(scene, place, world)


def _visit(scene: Scene, place: str, world: work.World) -> None:
    """A visit with a word of its own in everything noted, agreed and signed; that of the neighbour is over."""
    inspection = world.round.inspections.select_related("round", "commune").get(commune=scene.get("commune", place))
    scene.put("inspection", place, inspection)
    words = {
        name: scene.word(place, f"visit{name}", side=set())
        for name in ("place", "hosts", "findings", "note", "what", "signed")
    }
    said = {name: f"Nơi {words[name]}" for name in ("place", "hosts", "findings")}
    services.save_visit(inspection, by=world.inspector, version=inspection.version, changes=said)
    note = work.conclusion_of(scene.get("dossier", f"{place}-fresh"), 2)
    scene.put("conclusion", f"{place}-fresh", note)
    services.save_finding(note, text=f"Ghi {words['note']}", by=world.inspector, version=0)
    deadline = services.add_deadline(
        inspection, what=f"Làm {words['what']}", who="UBND xã", due_on=clock.today(), by=world.inspector
    )
    scene.put("deadline", place, deadline)
    signed = services.attach_signed(inspection, work.pdf_upload(f"{words['signed']}.pdf"), by=world.inspector)
    scene.put("signed", place, signed)
    if place == NEAR:
        services.end_visit(inspection, by=world.inspector)


def _notices(scene: Scene, district: Authority, other: Authority) -> None:
    """Notices of rounds of their own in each state; their words: a draft's text and an issued one's."""
    soon = {"period_to": clock.today() - timedelta(days=1)}
    for name, commune, make, authority in (
        ("draft", "Thử Một", paper.draft, district), ("approved", "Thử Hai", paper.approved, district),
        ("asked", "Thử Sáu", paper.asked, district), ("issued", "Thử Ba", paper.issued, district),
        ("far-draft", "Thử Bốn", paper.draft, other), ("far-issued", "Thử Năm", paper.issued, other),
        ("flawed", "Thử Bảy", paper.flawed, district),
    ):  # fmt: skip
        made = make(authority, names=(commune,), **soon)
        head = scene.people["far_head" if name.startswith(FAR) else "head"]
        services.add_member(made.world.round, head, by=made.coordinator, position=TeamMember.Position.DEPUTY)
        if name.endswith("issued"):
            paper.kept_as(made.notice, "accessible")
        scene.put("notice", name, made.fresh())
        scene.put("notice_scene", name, made)
    other_issued = paper.issued(district, names=("Thử Sáu",), **soon)
    replacing = notices.start_replacement(other_issued.fresh(), reason="Sửa số liệu", by=other_issued.coordinator)
    scene.put("notice", "replacing", Notice.objects.with_context().get(pk=replacing.pk))
    section = scene.get("notice", "draft").sections.filter(kind="section").order_by("position").first()
    coordinator = scene.get("notice_scene", "draft").coordinator
    scene.put("snippet", "own", notices.keep_text(section, title="Đoạn giữ lại", by=coordinator))
    _followed(scene)
    _monthly(scene)


def _bundles(scene: Scene) -> None:
    """The round as a bundle that was made, and the same one uploaded, waiting to be confirmed."""
    coordinator = scene.people["coordinator"]
    made = scene.put("bundle", "out", bundles.ask_export(scene.get("round", "open"), by=coordinator))
    bundles.carry_out(made)
    with bundles.path_of(made).open("rb") as file:
        scene.put("bundle", "in", bundles.keep_upload(File(file, name="goi.zip"), by=coordinator))


def _followed(scene: Scene) -> None:
    """Recommendations put to the own commune and the agency: one with a note of the commune, one that is done."""
    word = scene.word(OWN, "followed")
    for name, notice in (("own", "issued"), (FAR, "far-issued")):
        made = scene.get("notice_scene", notice)
        item = scene.put("follow", name, FollowUp.objects.with_context().get(recommendation__notice=made.notice))
        if name != "own":
            continue
        following.set_terms(
            item, due_on=clock.today(), agencies=[scene.get("agency", "agency")], communes=[scene.get("commune", OWN)],
            version=item.version, by=made.coordinator,
        )  # fmt: skip
        note = following.add_note(
            item, text=f"Đã làm {word}", version=item.version, by=scene.people["officer"],
            uploads=[work.pdf_upload(f"{word}.pdf")],
        )  # fmt: skip
        scene.put("follow_proof", OWN, note.proofs.get())
    # The one that is done is of a notice of its own.
    closed = paper.issued(scene.get("notice", "issued").authority, names=("Thử Tám",), code="GAN-XONG",
                          period_to=clock.today() - timedelta(days=1))  # fmt: skip
    item = FollowUp.objects.with_context().get(recommendation__notice=closed.notice)
    scene.put("follow", "done", following.close_item(item, note="Xong", version=item.version, by=closed.coordinator))


def _monthly(scene: Scene) -> None:
    """A report submitted last month, and none yet of this one, which is asked for."""
    agency: Agency = scene.get("agency", "agency")
    this, by = reading.month_of(clock.today()), scene.people["agency"]
    word = scene.word(OWN, "monthly", side={"agency"})
    last = reading.before(this)
    sent = monthly.submit(agency, last, general=f"Chung {word}", remarks={}, version=0, by=by)
    scene.put("monthly", "sent", (agency, last))
    scene.put("monthly", "own", (agency, this))
    monthly.set_rule(
        sent.agency.authority, day=20, first_month=last, last_month=None, version=0, by=scene.people["coordinator"]
    )
