"""The committees' monthly reports: last month's, made and sealed from the first civil day of the next on."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from api.reports import make_report, seal_report
from pki.ca.certificates import service_certificate
from pki.ca.keyring import SEAL
from pki.journal.acts import Actor, ActorKind
from pki.quota.rollout.monthly import ended_month, owed_reports

if TYPE_CHECKING:
    from api.wiring import House
    from pki.quota.rollout.monthly import OwedReport

REPORTER = Actor(kind=ActorKind.SYSTEM, id="monthly-reports")
BATCH = 8
"""Reports a run: a country of 88 territories is done within the first hours of the month."""
log = logging.getLogger("khatam.jobs")


def make_monthly_reports(house: House, at: datetime) -> None:
    """Make what the last month owes, at most `BATCH` of it; what fails is said, and tried again by a later run.

    Nothing without a seal: a report that nobody can seal would only wait.
    """
    with house.records.reading() as session:
        if service_certificate(session, SEAL) is None:
            return
        owed = owed_reports(session, at=at)
    made = 0
    for each in owed:
        if made == BATCH:
            return
        try:
            _make(house, each, at)
        except Exception as error:  # noqa: BLE001 - whatever it was, the other committees get their reports
            log.warning("the report of %s is left to a later run: %s", each.territory, type(error).__name__)
        else:
            made += 1


def _make(house: House, owed: OwedReport, at: datetime) -> None:
    if owed.stored is not None:
        seal_report(house.records, house.reporting, report=owed.stored, by=REPORTER, at=at)
        return
    month, ended_at = ended_month(at)
    make_report(
        house.records,
        house.reporting,
        level=owed.level,
        territory=owed.territory,
        month=month,
        unless_since=ended_at,
        by=REPORTER,
        at=at,
    )
