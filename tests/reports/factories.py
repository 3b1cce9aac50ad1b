"""A round with concluded dossiers, and its notice in each state, made by the services that people use."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.files.base import ContentFile

from communes import clock
from communes.models import LegalDocument, User
from communes.permissions import Role
from criteria.judgement import Judgement
from inspections import services as inspections
from reports import outline, services
from reports.models import IssuedDocument, Notice
from reports.services import signing
from reports.signing import Step

from ..factories import CommuneFactory, person
from ..inspections import factories as work
from .signing.pictures import signature_png

TEXT = """
= mở đầu
Thực hiện {kế hoạch}. Kiểm tra trực tiếp {số xã trực tiếp} xã, qua báo cáo {số xã qua báo cáo} xã.
# ĐÁNH GIÁ CHUNG
Bình quân các xã đạt {bình quân xa-thu} tiêu chí/xã.
# KẾT QUẢ
- Kết quả: (*{danh sách xa-thu}*).
= kiến nghị KIẾN NGHỊ CỦA ĐOÀN KIỂM TRA
## Ủy ban nhân dân các xã
- Hoàn thành trong năm {năm sau}.
= kết thúc
Trên đây là thông báo kết luận kiểm tra./.
= nơi nhận
UBND các xã
Lưu: VT
"""


@dataclass
class Scene:
    """world: the round with its people; notice: as the last step left it."""

    world: work.World
    notice: Notice
    officers: list[User]

    @property
    def coordinator(self) -> User:
        return self.world.coordinator

    @property
    def head(self) -> User:
        return self.world.head

    def fresh(self) -> Notice:
        return Notice.objects.with_context().get(pk=self.notice.pk)


def plan() -> LegalDocument:
    return LegalDocument.objects.get_or_create(
        key="ke-hoach-thu",
        defaults={
            "kind": "Kế hoạch",
            "number": "12/KH-UBND",
            "issued_on": date(2024, 9, 6),
            "issuer": "UBND huyện Thử",
            "subject": "kiểm tra thử",
        },
    )[0]


def concluded_round(district, names=("Phúc Khoa", "Nậm Cần"), *, failed=(), concluded=True, **fields):
    """(world, officers): a round whose communes meet all three criteria but `failed`: {name: numbers}."""
    failed = dict(failed)
    communes = [CommuneFactory(authority=district, name=name) for name in names]
    defaults = {"period_to": clock.today() - timedelta(days=1), "reply_until": None, "plan": plan()}
    world = work.open_round(district, communes=communes, **{**defaults, **fields})
    officers = [person(Role.COMMUNE_OFFICER, commune=commune) for commune in communes]
    world.head.full_name, world.head.position = "Nguyễn Văn Thử", "Phó Chủ tịch UBND huyện"
    world.head.save()
    for commune, officer in zip(communes, officers, strict=True):
        if concluded:
            conclude(world, commune, officer, failed.get(commune.name, ()))
    return world, officers


def conclude(world, commune, officer, failed=()):
    dossier = work.hand_in(world.dossier_of(commune), by=officer)
    for number in dossier.criteria_set.criteria.values_list("number", flat=True):
        row = work.conclusion_of(dossier, number)
        verdict, reason = (Judgement.NOT_MET, "Chưa đủ hồ sơ.") if number in failed else (Judgement.MET, "")
        inspections.conclude_criterion(row, verdict=verdict, reason=reason, by=world.inspector, version=row.version)
    dossier.refresh_from_db()
    inspections.make_provisional(dossier, by=world.head)
    inspections.approve(dossier, by=world.head)
    return dossier


def draft(district, **fields) -> Scene:
    world, officers = concluded_round(district, **fields)
    notice = services.create_notice(world.round, by=world.coordinator)
    services.replace_text(notice, outline.parse(TEXT), by=world.coordinator)
    return Scene(world, notice, officers)


def flawed(district, **fields) -> Scene:
    """A draft in which the checks find something that may be accepted."""
    scene = draft(district, **fields)
    text = TEXT.replace("Hoàn thành trong năm", "Báo cáo Ban chỉ đạo trong năm")
    services.replace_text(scene.notice, outline.parse(text), by=scene.coordinator)
    return scene


def approved(district, **fields) -> Scene:
    scene = draft(district, **fields)
    services.approve_notice(scene.notice, version=scene.notice.version, by=scene.head)
    return scene


def asked(district, **fields) -> Scene:
    """An approved notice whose leader is asked for his signature."""
    scene = approved(district, **fields)
    signing.start_signing(scene.fresh(), by=scene.coordinator)
    signing.prepare_step(scene.fresh(), Step.LEADER, image=signature_png(), by=scene.coordinator)
    return scene


def issued(district, *, number=None, **fields) -> Scene:
    scene = approved(district, **fields)
    services.issue_notice(scene.notice, on=clock.today(), number=number, by=scene.coordinator)
    return scene


def kept_as(notice, rendition, data=b"%PDF-1.7 another file of the notice") -> IssuedDocument:
    """Another stored file of an issued notice, with the hash of its facts."""
    final = notice.documents.get(rendition="final")
    document = IssuedDocument(
        notice=notice,
        rendition=rendition,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        template_version=final.template_version,
        facts_sha256=final.facts_sha256,
        journal_head=final.journal_head,
        made_at=final.made_at,
    )
    document.file.save("tep.pdf", ContentFile(data), save=False)
    document.save(force_insert=True)
    return document


def replaced(district, **fields) -> tuple[Notice, Notice]:
    """An issued notice and the one that was issued in its place."""
    scene = issued(district, **fields)
    made = services.start_replacement(scene.fresh(), reason="Sửa số liệu", by=scene.coordinator)
    services.approve_notice(made, version=made.version, by=scene.head)
    services.issue_notice(made, on=clock.today(), by=scene.coordinator)
    return scene.fresh(), Notice.objects.with_context().get(pk=made.pk)
