"""What a committee reports for a month, as one value: counts, lists and digests, nothing worded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pki.quota.rollout.errors import MonthRefused
from pki.quota.rollout.kinds import CommitteeLevel, Stage
from pki.records import civil_day

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCount:
    """One stage over all communes: how many go through it, reached it, have a day for it; whose day has passed."""

    stage: Stage
    applies: int
    reached: int
    planned: int
    due: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LateLine:
    """A commune that did not reach a stage by its day."""

    body: str
    name_fr: str
    name_ar: str
    stage: Stage
    planned_on: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommuneLine:
    """One commune: its furthest stage, its seats."""

    body: str
    name_fr: str
    name_ar: str
    province: str
    region: str
    population: int
    stage: Stage | None
    granted: int
    reserved: int
    live: int
    late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrainedCount:
    """Keys in the hands of untrained holders of one body."""

    body: str
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalLine:
    """What a committee of the territory proposed in the month."""

    territory: str
    made_on: date
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestsOn:
    """A report of the level below; digest None: none was made for the month."""

    territory: str
    name_fr: str
    name_ar: str
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutReport:
    """The report of one committee for one month, as things stood when it was made."""

    level: CommitteeLevel
    territory: str
    name_fr: str
    name_ar: str
    month: str
    made_at: datetime
    stages: tuple[StageCount, ...]
    late: tuple[LateLine, ...]
    communes: tuple[CommuneLine, ...]
    seats: Mapping[str, int]
    """Bodies with an allowance, seats granted, reserved, live; bodies with none left."""
    keys: Mapping[str, int]
    """Orders by state."""
    losses: Mapping[str, int]
    """Keys blocked in the month; blocks that stand."""
    committees: Mapping[str, int]
    """Committees in the territory, their members now, their meetings in the month."""
    training: Mapping[str, int]
    """Sessions held in the month and in all, people who attended likewise, keys in untrained hands."""
    untrained: tuple[UntrainedCount, ...]
    windows: Mapping[str, int]
    """Single windows to assess, assessed, adequate."""
    proposals: tuple[ProposalLine, ...]
    rests_on: tuple[RestsOn, ...]


def month_bounds(month: str, *, at: datetime) -> tuple[date, date]:
    """The first civil day of a month, and the first day after it.

    :raise MonthRefused: not written YYYY-MM, or not begun at `at`.
    """
    found = _MONTH.fullmatch(month)
    if found is None:
        raise MonthRefused(month[:20], "a month is written YYYY-MM")
    first = date(int(found[1]), int(found[2]), 1)
    if first > civil_day(at):
        raise MonthRefused(month, "it has not begun")
    return first, (first + timedelta(days=31)).replace(day=1)
