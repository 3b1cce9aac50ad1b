"""Authorities, communes, villages and the titles they hold: loading the known ones, keeping them up to date."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import models, transaction

from . import journal
from .models import Agency, Authority, Commune, LegalDocument, Recognition, User, Village
from .permissions import Permission

DATA = Path(__file__).resolve().parent / "data"


def can_edit_unit(user: User, commune: Commune) -> bool:
    """Whether a person keeps the data of this commune and its villages: it lies within his own authority."""
    return commune.authority.is_within(user.scope("authority", needs=Permission.UNIT_MANAGE))


def changes(before: Mapping[str, Any], row: models.Model) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new values of the fields in which the row now differs from `before`."""
    after = {name: getattr(row, name) for name in before}
    names = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


def values(row: models.Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


@transaction.atomic
def save_unit(unit: Commune | Village, *, by: User) -> None:
    """Store a new or changed commune or village; the caller has checked that it lies within `by`'s authority."""
    noun = unit._meta.model_name
    names = [field.name for field in unit._meta.concrete_fields if not field.primary_key]
    if unit.pk is None:
        unit.save()
        journal.record(f"{noun}.created", subject=unit, by=by, data=values(unit, names))
        return
    before = type(unit)._default_manager.select_for_update(of=("self",)).get(pk=unit.pk)
    old, new = changes(values(before, names), unit)
    if not new:
        return
    unit.save()
    journal.record(f"{noun}.changed", subject=unit, by=by, old=old, new=new)


@transaction.atomic
def add_document(*, by: User, **fields: Any) -> LegalDocument:
    """Note a document that texts cite; fields are the columns of LegalDocument."""
    document = LegalDocument(**fields)
    document.full_clean()
    document.save()
    journal.record("document.added", subject=document, by=by, data=fields)
    return document


@transaction.atomic
def add_recognition(
    commune: Commune, *, title: str, decision: str, since: date, by: User, village: Village | None = None
) -> Recognition:
    """Note that a commune, or a village of it, holds a title by a decision from a day on."""
    recognition = Recognition.objects.create(
        commune=commune, village=village, title=title, decision=decision, valid_from=since
    )
    journal.record(
        "recognition.added",
        subject=recognition,
        by=by,
        data={"commune": commune, "village": village, "title": title, "decision": decision, "since": since},
    )
    return recognition


@transaction.atomic
def end_recognition(recognition: Recognition, *, on: date, reason: str, by: User) -> None:
    """Note the last day of a title; the row stays as history."""
    recognition.valid_to = on
    recognition.full_clean(exclude=["commune", "village"])
    recognition.save(update_fields=["valid_to"])
    journal.record("recognition.ended", subject=recognition, by=by, data={"on": on, "reason": reason})


# ---------------------------------------------------------------- known units


def rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@transaction.atomic
def load_reference_units(by: User | None = None) -> int:
    """Add the authorities, agencies and communes of `communes/data` that are missing; returns how many.

    What is there already stays as the office has edited it. Loading again adds nothing.
    """
    made: list[models.Model] = [*_load_authorities(), *_load_agencies(), *_load_communes()]
    if made:
        journal.record_many([journal.Entry(f"{row._meta.model_name}.loaded", row, {}) for row in made], by=by)
    return len(made)


def _load_authorities() -> list[Authority]:
    made = []
    successors: list[tuple[Authority, str]] = []
    for row in rows("authorities"):
        texts = ("name", "kind", "locality", "letterhead", "team_name", "head_title", "notice_symbol")
        authority, is_new = Authority.objects.get_or_create(
            code=row["code"],
            valid_from=date.fromisoformat(row["valid_from"]),
            defaults={name: row[name] for name in texts}
            | {"valid_to": day(row["valid_to"]), "parent": Authority.objects.filter(code=row["parent"]).first()},
        )
        if is_new:
            made.append(authority)
            successors.append((authority, row["successor"]))
    for authority, code in successors:
        if code:
            authority.successor = Authority.objects.get(code=code)
            authority.save(update_fields=["successor"])
    return made


def _load_agencies() -> list[Agency]:
    made = []
    for row in rows("agencies"):
        authority = Authority.objects.get(code=row["authority"])
        agency, is_new = Agency.objects.get_or_create(
            authority=authority, code=row["code"], defaults={"name": row["name"]}
        )
        if is_new:
            made.append(agency)
    return made


def _load_communes() -> list[Commune]:
    """Successors are written first, for a code alone names two units: the old one and the one after it."""
    made = []
    for row in sorted(rows("communes"), key=lambda row: bool(row["successor"])):
        last_day, successor = day(row["valid_to"]), None
        if row["successor"] and last_day:
            successor = Commune.objects.filter(code=row["successor"], valid_from__gt=last_day).first()
        commune, is_new = Commune.objects.get_or_create(
            code=row["code"],
            valid_from=date.fromisoformat(row["valid_from"]),
            defaults={
                "authority": Authority.objects.get(code=row["authority"]),
                "name": row["name"],
                "kind": row["kind"],
                "region": row["region"],
                "valid_to": last_day,
                "successor": successor,
            },
        )
        if is_new:
            made.append(commune)
    return made
