"""Reports as they were made: their numbers stored once, with the digest that later ones carry; then a sealed file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import false, or_, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.canonical import canonical_json
from pki.journal.inserting import insert_into
from pki.quota.rollout.errors import ReportUnknown
from pki.quota.rollout.kinds import CommitteeLevel
from pki.quota.rollout.report import RolloutReport
from pki.quota.rollout.tables import ReportRow
from pki.records import Records
from pki.registration.extent import Extent
from pki.registration.tables import Province

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would calculate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeReport:
    """A report on record. What it said then it says for ever."""

    id: UUID
    level: CommitteeLevel
    territory: str
    month: str
    digest: str
    numbers: str
    made_at: datetime
    made_by: str
    superseded_at: datetime | None
    file_sha256: str | None
    """None: not sealed yet."""

    @property
    def reference(self) -> str:
        """How its file names itself: from its digest, so that it cannot be another's."""
        return reference_of(self.digest)

    def plain(self) -> dict[str, Any]:
        """The numbers as JSON knows them."""
        found: dict[str, Any] = json.loads(self.numbers)
        return found


def reference_of(digest: str) -> str:
    """The reference of a report by the digest of its numbers."""
    return f"C-{digest[:12].upper()}"


def store_report(
    records: Records, report: RolloutReport, *, unless_since: datetime | None = None, by: Actor, at: datetime
) -> MadeReport:
    """Store the numbers of a report; an earlier one of the territory and month is superseded and stays on record.

    :param unless_since: one that was made at that instant or later stands: it is returned, nothing is stored.
    """
    # THREAT: a report is made prettier after it was handed up.
    # DEFENCE: its numbers are stored once under an append-only trigger, and the report above carries their digest.
    # TEST: tests/pki/quota/rollout/test_reports.py::test_what_was_reported_stays
    numbers = canonical_json(asdict(report))
    digest = hashlib.sha256(numbers).hexdigest()
    number = uuid4()
    current = (
        (ReportRow.territory == report.territory)
        & (ReportRow.month == report.month)
        & (ReportRow.superseded_at.is_(None))
    )
    with records.writing() as session:
        former = update(ReportRow).where(current)
        if unless_since is not None:
            former = former.where(ReportRow.recorded_at < unless_since)
        session.execute(former.values(superseded_at=at).execution_options(synchronize_session=False))
        # Two workers at once: the unique index over current reports lets one of them in, the other takes that one's.
        stored = session.execute(
            insert_into(session, ReportRow)
            .values(
                id=number,
                level=report.level,
                territory=report.territory,
                month=report.month,
                numbers=numbers.decode(),
                digest=digest,
                recorded_at=at,
                recorded_by=str(by),
            )
            .on_conflict_do_nothing(
                index_elements=["territory", "month"], index_where=ReportRow.superseded_at.is_(None)
            )
            .returning(ReportRow.id)
        ).scalar_one_or_none()
        if stored is None:
            return made_report(session, session.scalars(select(ReportRow.id).where(current)).one())
        facts = {"level": report.level, "territory": report.territory, "month": report.month, "digest": digest}
        record(session, kind="rollout.report-made", subject=f"report:{number}", by=by, at=at, facts=facts)
        return made_report(session, number)


def record_seal(
    records: Records, *, report: UUID, base_sha256: str, file_sha256: str, by: Actor, at: datetime
) -> MadeReport:
    """Note the sealed file of a report. The first one stays: whoever comes later gets that."""
    with records.writing() as session:
        sealed = session.execute(
            update(ReportRow)
            .where(ReportRow.id == report, ReportRow.file_sha256.is_(None))
            .values(base_sha256=base_sha256, file_sha256=file_sha256, sealed_at=at)
            .returning(ReportRow.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if sealed is not None:
            facts = {"base_sha256": base_sha256, "file_sha256": file_sha256}
            record(session, kind="rollout.report-sealed", subject=f"report:{report}", by=by, at=at, facts=facts)
        return made_report(session, report)


def made_report(session: Session, report: UUID) -> MadeReport:
    """The report of that id.

    :raise ReportUnknown: there is none.
    """
    row = session.scalars(
        select(ReportRow).where(ReportRow.id == report).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise ReportUnknown(report)
    return _made(row)


def sealed_report(session: Session, file_sha256: str) -> MadeReport | None:
    """The report whose sealed file has that SHA-256, if there is one."""
    row = session.scalars(select(ReportRow).where(ReportRow.file_sha256 == file_sha256)).one_or_none()
    return None if row is None else _made(row)


def made_reports(session: Session, *, within: Extent, month: str | None = None) -> list[MadeReport]:
    """Reports of territories inside the extent, the newest first; superseded ones too."""
    asked = select(ReportRow).order_by(ReportRow.recorded_at.desc(), ReportRow.id)
    if month is not None:
        asked = asked.where(ReportRow.month == month)
    if within.region_code is not None:
        provinces = select(Province.code).where(Province.region_code == within.region_code)
        asked = asked.where(or_(ReportRow.territory == within.region_code, ReportRow.territory.in_(provinces)))
    elif within.province_code is not None:
        asked = asked.where(ReportRow.territory == within.province_code)
    elif not within.everywhere:
        asked = asked.where(false())
    return [_made(row) for row in session.scalars(asked)]


def report_csv(numbers: Mapping[str, Any]) -> str:
    """The same numbers as lines of `section,code,name_fr,name_ar,measure,value`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("section", "code", "name_fr", "name_ar", "measure", "value"))
    for line in _lines(numbers):
        writer.writerow([_cell(each) for each in line])
    return out.getvalue()


def _lines(numbers: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for name in ("level", "territory", "month", "made_at"):
        yield "report", numbers["territory"], numbers["name_fr"], numbers["name_ar"], name, numbers[name]
    for section in ("seats", "keys", "losses", "committees", "training", "windows"):
        for measure, value in numbers[section].items():
            yield section, "", "", "", measure, value
    for section, (listed, code, measures) in _SECTIONS.items():
        for each in numbers[listed]:
            for measure in measures:
                names = each.get("name_fr", ""), each.get("name_ar", "")
                yield section, each[code], *names, measure, each[measure]


_SECTIONS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "stage": ("stages", "stage", ("applies", "reached", "planned", "due", "late")),
    "commune": ("communes", "body", ("population", "stage", "granted", "reserved", "live", "late")),
    "late": ("late", "body", ("stage", "planned_on", "days")),
    "untrained": ("untrained", "body", ("keys",)),
    "proposal": ("proposals", "territory", ("made_on", "text")),
    "rests_on": ("rests_on", "territory", ("digest",)),
}
"""Lists of the numbers: what each is called, where its code stands, what is counted of each."""


def _cell(value: object) -> object:
    # THREAT: a proposal that begins like a formula is calculated by the reader's spreadsheet.
    # DEFENCE: an apostrophe before it, which every spreadsheet takes as "this is text".
    # TEST: tests/pki/quota/rollout/test_reports.py::test_no_cell_is_a_formula
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _made(row: ReportRow) -> MadeReport:
    return MadeReport(
        id=row.id,
        level=row.level,
        territory=row.territory,
        month=row.month,
        digest=row.digest,
        numbers=row.numbers,
        made_at=row.recorded_at,
        made_by=row.recorded_by,
        superseded_at=row.superseded_at,
        file_sha256=row.file_sha256,
    )
