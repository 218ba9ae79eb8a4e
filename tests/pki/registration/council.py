"""A commune with everybody in office, and the acts by which others sign in the president's place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from pki.journal.inserting import insert_into
from pki.records import HolderId, OfficeId, Records
from pki.registration.bodies import body_id
from pki.registration.entitlement import Entitlement, entitlement
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.powers.delegations import (
    DelegationDeed,
    DelegationEnding,
    PaperDeed,
    write_delegation,
    write_delegation_end,
)
from pki.registration.powers.findings import FindingRecording, write_finding
from pki.registration.powers.kinds import Declared, DelegationMode, FindingKind
from pki.registration.powers.tables import DeedScan
from pki.registration.rules import DELEGABLE
from tests.pki.estate import BERRECHID, OFFICER, SECOND, declared, ended, person, seated

EARLY = datetime(2026, 1, 5, tzinfo=UTC)
STARTS = date(2026, 3, 1)
SCAN = "ab" * 32
MECHOUAR, MECHOUAR_PROVINCE = "06.141.01.81", "06.141"
ARRONDISSEMENT = "06.141.01.01"

COUNCIL: Mapping[str, tuple[OfficeFunction, int | None]] = {
    "president": (OfficeFunction.PRESIDENT, None),
    "first": (OfficeFunction.VICE_PRESIDENT, 1),
    "second": (OfficeFunction.VICE_PRESIDENT, 2),
    "third": (OfficeFunction.VICE_PRESIDENT, 3),
    "director": (OfficeFunction.DIRECTOR_OF_SERVICES, None),
    "member": (OfficeFunction.COMMITTEE_MEMBER, None),
    "secretary": (OfficeFunction.SECRETARY, None),
    "head": (OfficeFunction.SPECIAL_COMMITTEE, None),
}


class Council:
    """The offices of one body by name; all from STARTS on, recorded EARLY."""

    def __init__(self, records: Records, body: str = BERRECHID, *, seats: tuple[str, ...] = tuple(COUNCIL)) -> None:
        self.records, self.body = records, body
        self.holders: dict[str, HolderId] = {}
        self.offices: dict[str, OfficeId] = {}
        for name in seats:
            self.seat(name, *COUNCIL[name])
        self.keep_scan()

    def keep_scan(self) -> None:
        """The scan that every paper of the tests names is on record."""
        with self.records.writing() as session:
            session.execute(
                insert_into(session, DeedScan)
                .values(
                    body_id=body_id(session, self.body),
                    sha256=SCAN,
                    media_type="application/pdf",
                    size_bytes=9,
                    recorded_at=EARLY,
                    recorded_by=str(OFFICER),
                )
                .on_conflict_do_nothing()
            )

    def seat(
        self,
        name: str,
        function: OfficeFunction,
        rank: int | None = None,
        *,
        body: str | None = None,
        starts_on: date = STARTS,
        at: datetime = EARLY,
    ) -> OfficeId:
        holder = self.holders.get(name) or person(self.records)
        self.holders[name] = holder
        _, self.offices[name] = seated(
            self.records, body or self.body, function, rank=rank, holder=holder, starts_on=starts_on, at=at
        )
        return self.offices[name]

    def end(self, name: str, ends_on: date, *, at: datetime = EARLY) -> None:
        ended(self.records, self.offices[name], ends_on, at=at)

    def declare(self, *, offices: bool = True, powers: bool = True) -> None:
        since = date(2021, 9, 24)
        if offices:
            declared(self.records, self.body, since, at=EARLY)
        if powers:
            declared(self.records, self.body, since, Declared.POWERS, at=EARLY)

    def deed(
        self,
        giver: str = "president",
        taker: str = "first",
        *,
        number: str = "1/2026",
        acts: frozenset[ActKind] = DELEGABLE,
        mode: DelegationMode = DelegationMode.SIGNATURE,
        sector: str | None = None,
        starts_on: date = STARTS,
        ends_on: date | None = None,
    ) -> DelegationDeed:
        return DelegationDeed(
            number=number,
            from_office=self.offices[giver],
            to_office=self.offices[taker],
            mode=mode,
            acts=acts,
            sector=sector,
            starts_on=starts_on,
            ends_on=ends_on,
        )

    def delegate(self, deed: DelegationDeed, *, at: datetime = EARLY, supersedes: UUID | None = None) -> UUID:
        paper = PaperDeed(scan_sha256=SCAN, bulletin="BO CT 12")
        with self.records.writing() as session:
            return write_delegation(
                session, deed, paper=paper, supersedes=supersedes, by=OFFICER, confirmed_by=SECOND, at=at
            )

    def revoke(self, delegation: UUID, ends_on: date, *, at: datetime = EARLY) -> None:
        ending = DelegationEnding(delegation=delegation, ends_on=ends_on, reason="r", deed="d")
        with self.records.writing() as session:
            write_delegation_end(session, ending, by=OFFICER, at=at)

    def found(
        self,
        kind: FindingKind,
        name: str | None = "president",
        *,
        number: str = "7/2026",
        acts: frozenset[ActKind] = frozenset(),
        replacement: str | None = None,
        starts_on: date = date(2026, 4, 1),
        ends_on: date | None = None,
        supersedes: UUID | None = None,
        at: datetime = EARLY,
    ) -> UUID:
        recording = FindingRecording(
            kind=kind,
            body_code=self.body,
            office=None if name is None else self.offices[name],
            replacement=None if replacement is None else self.offices[replacement],
            number=number,
            acts=acts,
            starts_on=starts_on,
            ends_on=ends_on,
            deed="arrêté",
            scan_sha256=SCAN,
            supersedes=supersedes,
        )
        with self.records.writing() as session:
            return write_finding(session, recording, by=OFFICER, confirmed_by=SECOND, at=at)

    def absent(self, name: str = "president", starts_on: date = date(2026, 4, 1), ends_on: date | None = None) -> UUID:
        return self.found(FindingKind.ABSENCE, name, number=f"abs-{name}", starts_on=starts_on, ends_on=ends_on)

    def ask(
        self,
        name: str,
        at: datetime,
        act: ActKind = ActKind.LICENCE,
        *,
        known_at: datetime | None = None,
        small_project: bool | None = None,
    ) -> Entitlement:
        with self.records.reading() as session:
            return entitlement(
                session,
                holder=self.holders[name],
                body_code=self.body,
                act=act,
                at=at,
                known_at=known_at,
                small_project=small_project,
            )


def arrondissement(records: Records) -> Council:
    """An arrondissement of Casablanca, with its council."""
    return Council(records, ARRONDISSEMENT, seats=("president", "first", "director"))


def mechouar(records: Records) -> Council:
    """A commune whose pacha has the president's powers."""
    council = Council(records, MECHOUAR, seats=("president", "first"))
    council.seat("pacha", OfficeFunction.PACHA)
    council.seat("assistant", OfficeFunction.PACHA_ASSISTANT)
    return council
