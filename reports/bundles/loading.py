"""A bundle's rows, files and chain brought in, in one transaction: all of it or nothing.

The files of one import lie in a folder of their own, `bundles/<key>/`. A folder whose import is not in the database
belongs to one that was killed; it is removed by the next import and once a day. One at work holds its lock.
"""

import fcntl
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import DataError, IntegrityError, models, transaction

from communes import clock, journal, notation
from communes.journal import START, ChainHead, Event, Seal
from communes.models import Authority, Commune, LegalDocument, User, Village
from criteria.models import Threshold
from inspections import evidence as rules
from inspections.figures import letters
from inspections.models import Dossier, Evidence, InspectionRound, RoundUnit, VisitSheet
from inspections.progress.rows import verdicts_of
from inspections.services.decision import hash_of, verdicts_in

from .. import content, searching
from ..models import BroughtPerson, BroughtRound, IssuedDocument, Notice, SearchText
from . import EVENTS, PLACES, member_of
from .container import BundleRefused, Reader
from .planning import Plan, dated_key, known_document
from .rows import FILE, links_of, list_of, read, refused, values_of
from .tables import BY_NAME, PEOPLE, ROUND, SETS, SHARED, Table
from .writing import PERSON

BATCH = 500
FOLDER = "bundles"
LOCK = ".lock"
# Of the round: what it is there and cannot be here.
THERE = ("status", "replacing")
EVENT_KEYS = {"chain", "seq", "at", "actor", "actor_name", "action", "subject", "data", "previous", "hash"}
ENDINGS = {IssuedDocument.Rendition.DOCX: ".docx"}


def load(reader: Reader, plan: Plan, by: User | None) -> InspectionRound:
    """Bring a planned bundle in. Raises BundleRefused; then nothing is left, neither rows nor files."""
    if plan.problems or plan.already:
        raise BundleRefused(*(plan.problems or [plan.already]))
    remove_leftovers()
    key = uuid4()
    with _folder(key):
        try:
            with transaction.atomic():
                return Loader(reader, plan, key, by).run()
        except (IntegrityError, DataError) as error:
            # Each row was looked at; what the database still refuses are rows that do not fit each other or ours.
            detail = str(error).strip().split("\n", 1)[0][:160]
            raise BundleRefused(f"Dữ liệu trong gói mâu thuẫn với nhau hoặc với dữ liệu ở đây ({detail}).") from error


def folder_of(key: UUID) -> Path:
    return Path(settings.MEDIA_ROOT, FOLDER, key.hex)


@contextmanager
def _folder(key: UUID) -> Iterator[None]:
    """A folder for the files of one import, locked while it is at work; gone again where that fails."""
    path = folder_of(key)
    path.mkdir(mode=0o700, parents=True)
    lock = path / LOCK
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        lock.unlink(missing_ok=True)
    if not any(path.iterdir()):
        path.rmdir()


def remove_leftovers() -> int:
    """Remove the folders of imports that were killed; how many."""
    base = Path(settings.MEDIA_ROOT, FOLDER)
    removed = 0
    for path in base.iterdir() if base.is_dir() else ():
        if len(path.name) == 32 and _is_dead(path):
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed


def _is_dead(path: Path) -> bool:
    lock = path / LOCK
    try:
        with lock.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Under the lock: who held it has committed by now, or never will.
            return not BroughtRound.objects.filter(key=UUID(path.name)).exists()
    except (FileNotFoundError, BlockingIOError, ValueError):
        return False


class _Member(File):
    """A member of the bundle as Django's storage wants a file: read in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__(None, name="member")
        self._pieces = pieces

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return self._pieces


class Loader:
    """One import. keys: {table: {number in the bundle: primary key here}}."""

    def __init__(self, reader: Reader, plan: Plan, key: UUID, by: User | None) -> None:
        self.reader, self.plan, self.key, self.by = reader, plan, key, by
        self.keys: dict[str, dict[int, Any]] = {}
        self.made: dict[str, int] = {}
        self.there: dict[str, Any] = {}
        self.used: set[str] = set()
        self.now = clock.now()
        # Communes here that the person does not keep.
        found = (line.found for line in plan.units if line.table == "communes" and line.found)
        self.foreign = {unit.pk for unit in found if not plan.reach.holds_unit(unit)}
        # What is set when everything is there: (table, number, columns, {column: number of a row of that table}).
        # Triggers guard what hangs on a concluded dossier or an issued notice, so they become that at the end.
        self.later: list[tuple[Table, int, dict[str, Any], dict[str, int]]] = []

    def run(self) -> InspectionRound:
        self._people()
        self._shared()
        self._sets()
        for table in ROUND:
            self._own(table)
        unused = sorted({name for name in self.reader.infos if name.startswith("files/")} - self.used)
        if unused:
            raise BundleRefused(f"Không dòng nào trong gói dùng tệp {unused[0]}.")
        self._check_frozen()
        # Links first: which notice another one replaces is part of what is issued, and does not change afterwards.
        for table, number, columns, links in sorted(self.later, key=lambda entry: not entry[3]):
            keys = self.keys[table.name]
            named = {column: keys[other] for column, other in links.items()}
            table.model._default_manager.filter(pk=keys[number]).update(**columns, **named)
        round_ = InspectionRound.objects.get(pk=self.keys["rounds"][1])
        seal = self._events()
        self._index(round_)
        self._mark(round_)
        self._tell(round_, seal)
        return round_

    # ------------------------------------------------------------ people

    def _people(self) -> None:
        keys = self.keys.setdefault(PEOPLE, {})
        for number, line in enumerate(self.plan.people, start=1):
            if line.user is None:
                line.user = self._account(line.row)
                self.made[PEOPLE] = self.made.get(PEOPLE, 0) + 1
            keys[number] = line.user.pk

    def _account(self, row: dict[str, str]) -> User:
        """An account that stands for somebody of the other office: locked, without password, role or address."""
        origin = self.plan.whole.manifest["origin"]["key"]
        wanted = f"nhap.{origin[:8]}.{row['username']}"[:140].lower()
        name, place = wanted, 1
        while User.objects.filter(username__iexact=name).exists():
            place += 1
            name = f"{wanted}.{place}"
        user = User(
            username=name,
            full_name=row["full_name"],
            position=row["position"],
            is_active=False,
            wants_digest=False,
        )
        user.set_unusable_password()
        user.save(force_insert=True)
        return user

    # ------------------------------------------------------------ what other rounds use as well

    def _shared(self) -> None:
        lines = {(line.table, line.row["n"]): line for line in self.plan.units}
        for table in SHARED:
            keys = self.keys.setdefault(table.name, {})
            fresh = []
            for row in read(self.reader, table):
                values = values_of(table, row, self.keys)
                line = lines.get((table.name, row["n"]))
                known = line.found if line else self._known(table, row, values)
                if known is None:
                    known = table.model(**values)
                    if isinstance(known, LegalDocument):
                        known.key = _free_key(known.key)
                    known.save(force_insert=True)
                    fresh.append((known, row))
                keys[row["n"]] = known.pk
            self._link(table, fresh)
            self.made[table.name] = len(fresh)
        self._successors()

    def _known(self, table: Table, row: dict[str, Any], values: dict[str, Any]) -> Any:
        rows = table.model._default_manager
        if table.model is LegalDocument:
            return known_document(row)
        if table.name == "agencies":
            return rows.filter(authority=values["authority_id"], code=values["code"]).first()
        code, day = dated_key(row, table.name)
        return rows.filter(code=code, valid_from=day).first()

    def _link(self, table: Table, fresh: list[tuple[Any, dict[str, Any]]]) -> None:
        """Fill in the columns that name rows of the same table."""
        fields = links_of(table)
        keys = self.keys[table.name]
        for made, row in fresh:
            named = {}
            for field in fields:
                number = row[field.name]
                if number is not None and number not in keys:
                    raise refused(table.name, row, f"cột {field.name}: không có dòng {str(number)[:20]}")
                if number is not None:
                    named[field.attname] = keys[number]
            if isinstance(made, Authority) and row["parent"] is None and self.plan.orphans_under:
                named["parent_id"] = self.plan.orphans_under.pk
            if named:
                table.model._default_manager.filter(pk=made.pk).update(**named)

    def _successors(self) -> None:
        """The old unit points to the one that took its place, and ends the day before that one began."""
        for line in self.plan.units:
            if line.successor is None:
                continue
            model: Any = Village if line.table == "villages" else Commune
            unit = model.objects.get(pk=self.keys[line.table][line.row["n"]])
            changed: dict[str, Any] = {"successor": line.successor}
            last_day = line.successor.valid_from - timedelta(days=1)
            if unit.valid_to is None and last_day >= unit.valid_from:
                changed["valid_to"] = last_day
            model.objects.filter(pk=unit.pk).update(**changed)
            journal.record(f"{model._meta.model_name}.changed", subject=unit, by=self.by, data={"changes": changed})

    # ------------------------------------------------------------ criteria sets

    def _sets(self) -> None:
        known = {line.row["n"]: line.found for line in self.plan.sets}
        strange: dict[str, set[int]] = {table.name: set() for table in SETS}
        for table in SETS:
            keys = self.keys.setdefault(table.name, {})
            fresh = []
            for row in read(self.reader, table):
                found = known.get(row["n"]) if table.name == "sets" else None
                if found is not None:
                    keys[row["n"]] = found.pk
                    strange["sets"].add(row["n"])
                elif self._is_of_known_set(table, row, strange):
                    strange[table.name].add(row["n"])
                    self._find_in_set(table, row)
                elif table.name == "confirmations" and not self.plan.takes_confirmations:
                    continue
                else:
                    made = table.model(**values_of(table, row, self.keys))
                    if isinstance(made, Threshold) and not self.plan.takes_confirmations:
                        made.is_confirmed_in_source = False
                    made.save(force_insert=True)
                    keys[row["n"]] = made.pk
                    fresh.append((made, row))
            self.made[table.name] = len(fresh)

    def _is_of_known_set(self, table: Table, row: dict[str, Any], strange: dict[str, set[int]]) -> bool:
        parents = {
            "criteria_set": "sets",
            "criterion": "criteria",
            "indicator": "indicators",
            "threshold": "thresholds",
        }
        return any(row.get(name) in strange[parent] for name, parent in parents.items() if name in row)

    def _find_in_set(self, table: Table, row: dict[str, Any]) -> None:
        """The same criterion, indicator or part of a set that is here; other rows of it are named by none."""
        keys, found = self.keys, None
        rows: Any = table.model._default_manager
        if table.name == "criteria":
            found = rows.get(criteria_set=keys["sets"][row["criteria_set"]], number=row["number"])
        elif table.name == "indicators":
            found = rows.get(criteria_set=keys["sets"][row["criteria_set"]], code=row["code"])
        elif table.name == "parts":
            found = rows.get(indicator=keys["indicators"][row["indicator"]], code=row["code"])
        if found is not None:
            keys[table.name][row["n"]] = found.pk

    # ------------------------------------------------------------ the round's own rows

    def _own(self, table: Table) -> None:
        self.keys.setdefault(table.name, {})
        batch: list[tuple[Any, dict[str, Any]]] = []
        count = 0
        for row in read(self.reader, table):
            count += 1
            known = self._known_evidence(table, row)
            if known is not None:
                self.keys[table.name][row["n"]] = known
                continue
            made = table.model(**self._prepared(table, row))
            batch.append((made, row))
            if len(batch) == BATCH:
                self._save(table, batch)
                batch = []
        self._save(table, batch)
        if count != self.plan.counts.get(table.name):
            raise BundleRefused(f"{member_of(table.name)}: số dòng khác với manifest.json.")
        self.made[table.name] = count

    def _save(self, table: Table, batch: list[tuple[Any, dict[str, Any]]]) -> None:
        if not batch:
            return
        made = table.model._default_manager.bulk_create([row for row, _ in batch], batch_size=BATCH)
        for row, (_, told) in zip(made, batch, strict=True):
            self.keys[table.name][told["n"]] = row.pk
        for field in table.lists:
            through: Any = field.remote_field.through
            one, many = f"{field.m2m_field_name()}_id", f"{field.m2m_reverse_field_name()}_id"
            through._default_manager.bulk_create(
                [
                    through(**{one: row.pk, many: key})
                    for row, (_, told) in zip(made, batch, strict=True)
                    for key in list_of(table, field, told, self.keys)
                ],
                batch_size=BATCH,
            )
        for _, told in batch:
            self._link_later(table, told)

    def _link_later(self, table: Table, told: dict[str, Any]) -> None:
        """Links to rows of the same table; numbers may name rows that come after."""
        named = {field.attname: told[field.name] for field in links_of(table) if told[field.name] is not None}
        if not named:
            return
        count = self.plan.counts[table.name]
        if any(type(number) is not int or not 1 <= number <= count for number in named.values()):
            raise refused(table.name, told, "tên dòng khác không đúng")
        columns = {}
        if table.model is Evidence:
            values = values_of(table, told, self.keys)
            columns = {name: values[name] for name in ("replacer_id", "replaced_at")}
        self.later.append((table, told["n"], columns, named))

    def _prepared(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """The columns of a new row: as they are told, but for what this installation sets itself."""
        values = values_of(table, row, self.keys)
        for field in table.fields:
            if isinstance(field, models.FileField) and values[field.attname]:
                values[field.attname] = self._file(table, row, values)
        model = table.model
        self._check_reach(table, row, values)
        if model is InspectionRound:
            self.there = {name: row[name] for name in THERE}
            if values["status"] == InspectionRound.Status.OPEN:
                values["status"] = InspectionRound.Status.CLOSED
            values |= {"replacing": "", "brought_from": self.plan.origin}
        elif model is RoundUnit:
            values["is_active"] = False
        elif model is VisitSheet:
            # The codes on the paper open nothing here.
            values["secret_sha256"] = sha256(secrets.token_bytes(32)).hexdigest()
        elif model is Dossier:
            values["frozen_verdicts"] = _verdicts_in(row)
            self._hold_back(table, row, values, {"status": Dossier.Status.DRAFT})
        elif model is Notice:
            first = {
                "status": Notice.Status.DRAFT,
                "kind_code": f"nhap-{row['n']}",
                "issued_by_id": None,
                "issued_at": None,
            }
            self._hold_back(table, row, values, first)
        elif model is Evidence:
            values |= {"replacer_id": None, "replaced_at": None}
        return values

    def _check_reach(self, table: Table, row: dict[str, Any], values: dict[str, Any]) -> None:
        """What the preview cannot see without reading the whole bundle; in a person's name only."""
        if self.by is None:
            return
        if table.model is Evidence and values["commune_id"] in self.foreign:
            raise refused(table.name, row, "minh chứng của đơn vị ngoài phạm vi được quản lý")
        if table.model is Notice and row["authority"] != self.plan.round["authority"]:
            raise refused(table.name, row, "cột authority: không phải cơ quan của đợt")

    def _hold_back(self, table: Table, row: dict[str, Any], values: dict[str, Any], first: dict[str, Any]) -> None:
        self.later.append((table, row["n"], {name: values[name] for name in first}, {}))
        values |= first

    # ------------------------------------------------------------ files

    def _known_evidence(self, table: Table, row: dict[str, Any]) -> Any:
        """The same bytes are stored once per commune: what a commune has already is used as it is here."""
        if table.model is not Evidence:
            return None
        values = values_of(table, row, self.keys)
        self._check_reach(table, row, values)
        known = Evidence.objects.filter(commune=values["commune_id"], sha256=values["sha256"]).first()
        if known is None:
            return None
        # Who has only the hash of a file may not come to read it by naming it.
        self._member(table, row, values)
        Evidence.objects.filter(pk=known.pk).update(is_kept=True)
        return known.pk

    def _member(self, table: Table, row: dict[str, Any], values: dict[str, Any]) -> str:
        """The member that a row names: it is in the bundle, under the hash of the row, with the size of the row."""
        member = str(values["file"])
        info = self.reader.infos.get(member)
        if info is None:
            raise refused(table.name, row, f"gói không có tệp {member}")
        named = FILE.fullmatch(member)
        if named is None or named[1] != values["sha256"] or info.file_size != values["size"]:
            raise refused(table.name, row, f"mã băm hoặc dung lượng không phải của tệp {member}")
        self.used.add(member)
        return member

    def _file(self, table: Table, row: dict[str, Any], values: dict[str, Any]) -> str:
        """Put a file into the storage and look what it is; its name in the storage."""
        member = self._member(table, row, values)
        if table.model is Evidence and self.reader.infos[member].file_size > settings.EVIDENCE_MAX_BYTES:
            raise refused(table.name, row, f"tệp lớn hơn {notation.file_size(settings.EVIDENCE_MAX_BYTES)}")
        ending = Path(member).suffix
        field: Any = table.model._meta.get_field("file")
        stored = field.storage.save(
            f"{FOLDER}/{self.key.hex}/{uuid4().hex}{ending}", _Member(self.reader.pieces(member))
        )
        with field.storage.open(stored, "rb") as file:
            found = rules.type_of(file)
        # A browser that is told another type than the content has would show what we believe to be a document.
        told = values.get("content_type", found.content_type if found else "")
        wanted = ENDINGS.get(values["rendition"], ".pdf") if "rendition" in values else ending
        if (
            found is None
            or found.content_type != told
            or ending not in found.extensions
            or wanted not in found.extensions
        ):
            raise refused(table.name, row, f"nội dung tệp {member} không đúng loại đã ghi")
        return str(stored)

    # ------------------------------------------------------------ the journal

    def _events(self) -> dict[str, str]:
        """The chain as it was written there, each event in its place here; returns its seal."""
        told = self.plan.whole.manifest["chain"]
        places = self._places()
        coming = next(places, None)
        seal, own = Seal(), journal.key_id()
        expected, previous = 0, START
        batch: list[Event] = []
        for line in self.reader.lines(EVENTS) if EVENTS in self.reader.infos else ():
            expected += 1
            place: dict[str, Any] = {}
            if coming and coming["seq"] == expected:
                place, coming = coming, next(places, None)
            event = self._event(line, expected, previous, told["name"], place)
            if journal.written_with(told["keys"], expected) == own and journal.digest(event) != event.hash:
                raise BundleRefused(f"{EVENTS}, dòng {expected}: mã xác thực không đúng với khóa của cổng này.")
            seal.add(event)
            previous = event.hash
            batch.append(event)
            if len(batch) == BATCH:
                Event.objects.bulk_create(batch)
                batch = []
        Event.objects.bulk_create(batch)
        if (expected, previous) != (told["events"], told["head"]):
            raise BundleRefused(f"{EVENTS}: nhật ký thiếu phần cuối hoặc không khớp với manifest.json.")
        if coming:
            raise BundleRefused(f"{PLACES}: nói về sự kiện không có.")
        ChainHead.objects.create(chain=told["name"], seq=expected, hash=previous)
        return seal.values()

    def _places(self) -> Iterator[dict[str, Any]]:
        """What events are about, in the order of the events."""
        for row in self.reader.lines(PLACES) if PLACES in self.reader.infos else ():
            if not isinstance(row, dict) or type(row.get("seq")) is not int:
                raise BundleRefused(f"{PLACES}: dòng sai dạng.")
            yield row

    def _event(self, line: Any, seq: int, previous: str, chain: str, place: dict[str, Any]) -> Event:
        try:
            if set(line) != EVENT_KEYS or not all(isinstance(line[name], str) for name in ("hash", "previous", "at")):
                raise ValueError("other keys")
            label, subject, words = line["subject"]
            actor, data = line["actor"], line["data"]
            texts = (label, subject, words, line["actor_name"], line["action"])
            at = datetime.fromisoformat(line["at"])
            if not all(isinstance(text, str) for text in texts) or not isinstance(data, dict):
                raise ValueError("no text")
            if actor is not None and type(actor) is not int:
                raise ValueError("no actor")
            origin: dict[str, Any] = {"actor": actor, "subject": subject}
            if "rows" in place:
                origin["rows"] = data["rows"]
                data = {**data, "rows": self._rows(place["rows"], data["rows"])}
            event = Event(
                chain=chain,
                seq=seq,
                at=at,
                actor_id=self.keys[PEOPLE][place["person"]] if "person" in place else None,
                actor_name=line["actor_name"],
                action=line["action"],
                subject_type=label,
                subject_id=self._subject(place.get("row"), label, subject),
                subject_label=words,
                data=data,
                previous_hash=line["previous"],
                hash=line["hash"],
                origin=origin,
            )
            if journal.canonical({**journal.content_of(event), "hash": event.hash}) != journal.canonical(line):
                raise ValueError("written otherwise")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise BundleRefused(f"{EVENTS}, dòng {seq}: sự kiện sai dạng hoặc không đúng chỗ.") from error
        if line["previous"] != previous:
            raise BundleRefused(f"{EVENTS}, dòng {seq}: không nối với sự kiện liền trước.")
        return event

    def _subject(self, place: Any, label: str, key: str) -> str:
        """The id here of what an event is about; what is not in the bundle gets one that nothing here has."""
        if place is None:
            return _strange(key)
        table, number = place
        model = User if table == PEOPLE else BY_NAME[table].model
        if model._meta.label_lower != label:
            raise ValueError("another kind of thing")
        return str(self.keys[table][number])

    def _rows(self, numbers: list[Any], keys: list[Any]) -> list[str]:
        if len(numbers) != len(keys):
            raise ValueError("other rows")
        return [
            _strange(str(key)) if number is None else str(self.keys["assessments"][number])
            for number, key in zip(numbers, keys, strict=True)
        ]

    # ------------------------------------------------------------ what was frozen

    def _check_frozen(self) -> None:
        """What was frozen at the conclusion still has the hash that was taken then, and is what the criteria say."""
        rows = Dossier.objects.filter(round=self.keys["rounds"][1]).exclude(frozen=None).order_by("pk")
        numbers = {pk: number for number, pk in self.keys["dossiers"].items()}
        concluded = verdicts_of(rows.only("pk"))
        told = rows.values_list("pk", "frozen", "frozen_hash", "frozen_verdicts")
        for pk, facts, digest, verdicts in told.iterator(chunk_size=BATCH):
            if facts is None or hash_of(facts) != digest:
                raise refused("dossiers", {"n": numbers[pk]}, "số liệu chốt không đúng mã băm đã ghi")
            if letters(concluded.get(pk, {})) != verdicts:
                raise refused("dossiers", {"n": numbers[pk]}, "số liệu chốt khác với kết luận từng tiêu chí")

    # ------------------------------------------------------------ the end

    def _index(self, round_: InspectionRound) -> None:
        """Issued notices are found by the public's search as they were found there."""
        finals = IssuedDocument.objects.filter(notice__round=round_, rendition=IssuedDocument.Rendition.FINAL)
        rows = []
        for final in finals.select_related("notice"):
            try:
                words = searching.words_of(content.from_facts(final.printed_facts))
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                raise BundleRefused(f"{member_of('issued_documents')}: nội dung đã chốt sai dạng.") from error
            if final.notice.is_public:
                rows.append(SearchText(notice=final.notice, words=words))
        SearchText.objects.bulk_create(rows)

    def _mark(self, round_: InspectionRound) -> None:
        manifest, whole = self.plan.whole.manifest, self.plan.whole
        brought = BroughtRound.objects.create(
            round=round_,
            key=self.key,
            origin=self.plan.origin,
            origin_key=manifest["origin"]["key"],
            exported_at=datetime.fromisoformat(manifest["exported_at"]),
            sha256=whole.sha256,
            content_sha256=whole.content_sha256,
            there=self.there,
            brought_by=self.by,
            brought_at=self.now,
        )
        BroughtPerson.objects.bulk_create(
            [
                BroughtPerson(brought=brought, user=line.user, **{name: line.row[name] for name in PERSON})
                for line in self.plan.people
            ]
        )

    def _tell(self, round_: InspectionRound, seal: dict[str, str]) -> None:
        """The import in this installation's own chain: it seals what came, and stands outside of it."""
        manifest = self.plan.whole.manifest
        journal.record(
            journal.BROUGHT_IN,
            subject=round_,
            by=self.by,
            data={
                "chain": manifest["chain"]["name"],
                "seq": manifest["chain"]["events"],
                "head": manifest["chain"]["head"],
                "keys": manifest["chain"]["keys"],
                "seal": seal,
                "from": self.plan.origin,
                "exported_at": manifest["exported_at"],
                "bundle": self.plan.whole.sha256,
                "made": {name: count for name, count in self.made.items() if count},
                "people": {
                    line.row["username"]: line.user.username
                    for line in self.plan.people
                    if line.is_chosen and line.user
                },
                "successors": {line.row["code"]: line.successor.code for line in self.plan.units if line.successor},
            },
        )


def _verdicts_in(row: dict[str, Any]) -> str:
    """What a dossier's facts say of the criteria; "" where they are of another kind, which is found out at the end."""
    try:
        return verdicts_in(row["frozen"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _strange(key: str) -> str:
    return f"nhap:{key}"[:60]


def _free_key(wanted: str) -> str:
    key, place = wanted, 1
    while LegalDocument.objects.filter(key=key).exists():
        place += 1
        key = f"{wanted[:56]}-{place}"
    return key
