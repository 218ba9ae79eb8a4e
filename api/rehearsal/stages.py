"""The stages, in their order; each finds what an earlier run did of it and does the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from api.reports import compile_report, seal_report
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.elections.errors import CouncilAlreadyFrozen, CouncilAlreadySeated, PlanExists
from pki.quota.elections.freezing import freeze_council
from pki.quota.elections.importing import import_officials
from pki.quota.elections.kinds import KeyOutcome, RowFault
from pki.quota.elections.plans import draft_plan
from pki.quota.elections.seating import seat_council
from pki.quota.errors import AgreementExists, AllowanceExhausted, RegionAlreadyOpen
from pki.quota.grants.census import apply_census, propose_census
from pki.quota.grants.errors import CensusInForce
from pki.quota.grants.extras import approve_extra, extras, request_extra
from pki.quota.kinds import Replacement
from pki.quota.reading import allowances
from pki.quota.replacing import replace_key
from pki.quota.rollout.kinds import COUNTRY, CommitteeLevel
from pki.quota.rollout.made import made_reports
from pki.quota.tables import Agreement, KeyOrder
from pki.quota.waves import open_wave
from pki.records import HolderId, OrderId, civil_day
from pki.registration.census import parse_census, record_census
from pki.registration.extent import EVERYWHERE
from pki.registration.tables import Holder

from .country import EXTRAS, LOSSES, Person, Place, drawn
from .desk import OFFICER, SECOND, Desk
from .lists import officials, projection
from .timeline import Timeline

NUMBER = "REHEARSAL/2026"
SEATS, PURCHASES = 9_000, 12_000
TIERS = (
    Tier(kind="commune", population_from=0, population_below=20_000, keys=3, basis="published"),
    Tier(kind="commune", population_from=20_000, population_below=50_000, keys=4, basis="assumed"),
    Tier(kind="commune", population_from=50_000, population_below=None, keys=5, basis="published"),
    Tier(kind="province", population_from=0, population_below=None, keys=3, basis="assumed"),
)
WAVES = (
    ("First wave", ("01", "04", "05", "06", "07"), 10),
    ("Second wave", ("02", "03", "09"), 70),
    ("Third wave", ("08", "10"), 130),
    ("Fourth wave", ("11", "12"), 190),
)
"""Label, regions, and how many days after the beginning."""
LOSS_DAY, EXTRA_DAY, CENSUS_DAY, ELECTION_DAY = 250, 280, 310, 360
PROJECTION = "Projection 2034"
"""No census: each commune's growth from 2014 to 2024 once more, to try one."""
CENSUS_FILE = "census.csv"

HANDS = 3
"""Places that are worked at once."""

T = TypeVar("T")
Told = Callable[[str, int, int], object]
"""What is done, how much of it, of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What an election brought to one council."""

    successor: bool
    refused: int
    """Orders that found no seat."""


@dataclass(slots=True, kw_only=True)
class Play:
    """One rehearsal: the whole country, or one province of it."""

    desk: Desk
    timeline: Timeline
    places: Sequence[Place]
    told: Told
    refused_for_quota: int = 0
    successors: int = 0
    reports: int = 0
    _agreement: UUID | None = field(default=None)

    def stages(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Each stage with its name."""
        yield "agreement", self._sign
        for label, regions, day in WAVES:
            yield label.lower(), partial(self._wave, label, regions, day)
        yield "losses", self._losses
        yield "extras", self._extras
        yield "census", self._census
        yield "election", self._election
        yield "reports", self._reports

    @property
    def communes(self) -> list[Place]:
        """The places that elect a council."""
        return [place for place in self.places if place.elects]

    def opened(self, stage: str) -> list[Place]:
        """The places whose wave was opened by the end of a stage."""
        regions: list[str] = []
        for label, those, _ in WAVES:
            regions += those
            if label.lower() == stage:
                break
        return [place for place in self.places if place.region_code in regions] or list(self.places)

    def _sign(self) -> None:
        at = self.timeline.at(1)
        with contextlib.suppress(AgreementExists):
            sign_agreement(
                self.desk.house.records,
                supplier="Rehearsal supplier",
                number=NUMBER,
                census="RGPH 2024",
                seats=SEATS,
                purchases=PURCHASES,
                tiers=TIERS,
                in_effect_from=self.timeline.day(1),
                by=OFFICER,
                at=at,
            )
        with self.desk.house.records.reading() as session:
            self._agreement = session.scalars(select(Agreement.id).where(Agreement.number == NUMBER)).one()

    def _wave(self, label: str, regions: Sequence[str], day: int) -> None:
        at = self.timeline.at(day)
        assert self._agreement is not None
        with contextlib.suppress(RegionAlreadyOpen):
            open_wave(
                self.desk.house.records,
                agreement=self._agreement,
                label=label,
                region_codes=regions,
                opens_on=self.timeline.day(day),
                by=OFFICER,
                at=at,
            )
        own = [place for place in self.places if place.region_code in regions]
        granted = self._granted()

        def key(place: Place) -> None:
            for seat in range(granted[place.code]):
                self.desk.keyed(place, place.person(seat), deed=f"Deed of {label}", at=at)

        self._each(label, own, key)

    def _losses(self) -> None:
        """A key lost in each of the places drawn: blocked, replaced in its seat, the new one active."""
        at = self.timeline.at(LOSS_DAY)

        def lose(place: Place) -> None:
            person = place.person(1)
            order = self._current(person)
            if self._replaced_by(order) is None and not self._replaces(order):
                order = replace_key(
                    self.desk.house.records,
                    self.desk.house.settled,
                    order=order,
                    why=Replacement.LOST,
                    lost_since=at,
                    by=OFFICER,
                    at=at,
                ).id
            self.desk.to_active(self.desk.view(order), person, at=at)

        self._each("losses", drawn(self.places, LOSSES, "losses"), lose)

    def _extras(self) -> None:
        """One seat more in each of the communes drawn, asked for, approved by another, and used."""
        at = self.timeline.at(EXTRA_DAY)
        records = self.desk.house.records
        with records.reading() as session:
            known = {each.body_code: each for each in extras(session)}
        granted = self._granted()

        def enlarge(place: Place) -> None:
            asked = known.get(place.code) or request_extra(
                records, body_code=place.code, seats=1, reason="a second town hall", by=OFFICER, at=at
            )
            seat = granted[place.code]
            if asked.decision is None:
                approve_extra(records, extra=asked.id, digest=asked.digest, reason="looked at", by=SECOND, at=at)
            else:
                seat -= 1
            self.desk.keyed(place, place.person(seat), deed="Deed of an extra", at=at)

        self._each("extras", drawn(self.communes, EXTRAS, "extras"), enlarge)

    def _census(self) -> None:
        """Every commune counted anew; allowances follow, and none that is in use is taken away."""
        at = self.timeline.at(CENSUS_DAY)
        records = self.desk.house.records
        assert self._agreement is not None
        content = projection(self.communes)
        # Left beside the books: whoever recounts them needs what the officer brought.
        (self.desk.house.settings.data / CENSUS_FILE).write_text(content, encoding="utf-8")
        rows, refused = parse_census(content)
        assert not refused, refused
        record_census(records, rows, census=PROJECTION, by=OFFICER, at=at)
        with contextlib.suppress(CensusInForce):
            proposal = propose_census(
                records,
                agreement=self._agreement,
                census=PROJECTION,
                in_effect=self.timeline.day(CENSUS_DAY),
                by=OFFICER,
                at=at,
            )
            apply_census(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=at)

    def _election(self) -> None:
        """Each council ends, a new president is elected, and his key is ordered in his predecessor's seat."""
        before, after = self.timeline.at(ELECTION_DAY), self.timeline.at(ELECTION_DAY + 1)
        records, desk = self.desk.house.records, self.desk
        try:
            plan = draft_plan(records, label="General election", by=OFFICER, at=before)
        except PlanExists as known:
            plan = known.plan
        imported = import_officials(
            records,
            desk.house.protection,
            plan=plan,
            content=officials(self.communes, self._seats_of, self.timeline.day(ELECTION_DAY + 1)),
            by=OFFICER,
            at=after,
        )
        # A run that goes on finds councils that an earlier one seated.
        wrong = [each for each in imported.errors if each.code is not RowFault.COUNCIL_SEATED]
        assert not wrong, wrong[:3]
        outcomes = self._each("election", self.communes, partial(self._renew, plan))
        self.successors = sum(each.successor for each in outcomes)
        self.refused_for_quota = sum(each.refused for each in outcomes)

    def _renew(self, plan: UUID, place: Place) -> Renewed:
        """One council: frozen, seated, its president with an active key."""
        records = self.desk.house.records
        before, after = self.timeline.at(ELECTION_DAY), self.timeline.at(ELECTION_DAY + 1)
        with contextlib.suppress(CouncilAlreadyFrozen):
            freeze_council(
                records,
                plan=plan,
                body_code=place.code,
                ends_on=self.timeline.day(ELECTION_DAY),
                deed="Decree of the election",
                by=OFFICER,
                at=before,
            )
        refused = 0
        try:
            seated = seat_council(
                records,
                self.desk.house.settled,
                plan=plan,
                body_code=place.code,
                elected_on=self.timeline.day(ELECTION_DAY + 1),
                deed="Minutes of the election",
                by=OFFICER,
                at=after,
            )
            refused = sum(each.outcome is KeyOutcome.NO_SEAT for each in seated.places)
        except CouncilAlreadySeated:
            pass
        except AllowanceExhausted:
            return Renewed(successor=False, refused=1)
        president = place.elected_president()
        self.desk.to_active(self.desk.view(self._current(president)), president, at=after)
        return Renewed(successor=True, refused=refused)

    def _reports(self) -> None:
        """Every committee's report of the election's month, each level on that below it, sealed."""
        at = self.timeline.at(ELECTION_DAY + 2)
        month = civil_day(at).strftime("%Y-%m")
        house = self.desk.house
        provinces = sorted({(CommitteeLevel.LOCAL, place.province_code) for place in self.places})
        regions = sorted({(CommitteeLevel.REGIONAL, place.region_code) for place in self.places})
        due = [*provinces, *regions, (CommitteeLevel.CENTRAL, COUNTRY)]
        with house.records.reading() as session:
            made = {each.territory: each for each in made_reports(session, within=EVERYWHERE, month=month)}
        for done, (level, territory) in enumerate(due):
            self.told("reports", done, len(due))
            known = made.get(territory)
            if known is None:
                known = compile_report(
                    house.records, house.reporting, level=level, territory=territory, month=month, by=OFFICER, at=at
                )
            # Its time-stamp tells of this very hour, so the seal does.
            seal_report(house.records, house.reporting, report=known.id, by=OFFICER, at=datetime.now(UTC))
        self.reports = len(due)

    def _each(self, what: str, among: Sequence[Place], act: Callable[[Place], T]) -> list[T]:
        """Do it in each place: a few at once, so that one computes while another's key signs."""
        done: list[T] = []
        hands = ThreadPoolExecutor(HANDS)
        try:
            for each in hands.map(act, among):
                done.append(each)
                self.told(what, len(done), len(among))
        finally:
            hands.shutdown(cancel_futures=True)
        return done

    def _granted(self) -> dict[str, int]:
        with self.desk.house.records.reading() as session:
            return {line.body_code: line.granted for line in allowances(session)}

    def _current(self, person: Person) -> OrderId:
        """The newest order of a person who has one."""
        number = self.desk.house.protection.protect(person.cin).keyed_hash
        with self.desk.house.records.reading() as session:
            holder = session.scalars(select(Holder.id).where(Holder.cin_hash == number)).one()
        order = self.desk.order_of(HolderId(holder))
        assert order is not None, person
        return order

    def _replaced_by(self, order: OrderId) -> UUID | None:
        with self.desk.house.records.reading() as session:
            return session.scalar(select(KeyOrder.id).where(KeyOrder.replaces_id == order))

    def _replaces(self, order: OrderId) -> bool:
        with self.desk.house.records.reading() as session:
            return session.scalars(select(KeyOrder.replaces_id).where(KeyOrder.id == order)).one() is not None

    def _seats_of(self, place: Place) -> int:
        """How many people of the place got a key before the election: by its tier, and one by an extra."""
        keys = next(
            tier.keys
            for tier in TIERS
            if tier.kind == "commune"
            and tier.population_from <= place.population
            and (tier.population_below is None or place.population < tier.population_below)
        )
        return keys + (place in drawn(self.communes, EXTRAS, "extras"))
