"""The report of a committee from the records to the sealed file: gather, store, lay out, seal, keep.

The numbers are stored before anything is laid out or signed; no transaction is open while the seal's key works.
What stopped half-way is sealed later from the stored numbers (`seal_report`), which is safe to call twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from api.workshop import Workshop
from pki.ca.certificates import service_certificate
from pki.ca.errors import IssuerUnknown
from pki.ca.issuers import issuer_chain
from pki.ca.keyring import SEAL, Keyring
from pki.journal.acts import Actor
from pki.quota.rollout.committees import committee_extent
from pki.quota.rollout.gathering import gather_report
from pki.quota.rollout.kinds import CommitteeLevel
from pki.quota.rollout.made import MadeReport, made_report, record_seal, store_report
from pki.quota.rollout.stages import RegularUse
from pki.records import Records
from signer.dossiers.use import licence_use
from signer.files import Files
from signer.pades.seal import SealKey, TimeStamps, prepare_seal, seal_prepared
from signer.rendering.reports import render_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """What reports are made with."""

    keyring: Keyring
    time_stamps: TimeStamps
    workshop: Workshop
    files: Files
    fonts: Path
    environment: str
    regular_use: RegularUse


def make_report(
    records: Records,
    reporting: Reporting,
    *,
    level: CommitteeLevel,
    territory: str,
    month: str,
    unless_since: datetime | None = None,
    by: Actor,
    at: datetime,
) -> MadeReport:
    """Make a committee's report of a month, as things stand at `at`, and seal it.

    :param unless_since: one that was made since that instant stands, and is sealed instead.
    :raise RolloutTerritoryUnknown: no such territory at that level.
    :raise MonthRefused: not a month, or one that has not begun.
    :raise LayoutFailed: `hsm.errors.HsmError`: the numbers are stored, the file is not sealed.
    """
    stored = compile_report(
        records, reporting, level=level, territory=territory, month=month, unless_since=unless_since, by=by, at=at
    )
    return seal_report(records, reporting, report=stored.id, by=by, at=at)


def compile_report(
    records: Records,
    reporting: Reporting,
    *,
    level: CommitteeLevel,
    territory: str,
    month: str,
    unless_since: datetime | None = None,
    by: Actor,
    at: datetime,
) -> MadeReport:
    """Gather and store the numbers of a report; `seal_report` makes the file.

    :raise RolloutTerritoryUnknown: `MonthRefused`: as `make_report`.
    """
    policy = reporting.regular_use
    with records.reading() as session:
        within = committee_extent(session, level, territory)
        report = gather_report(
            session,
            level=level,
            territory=territory,
            month=month,
            licences=licence_use(session, within=within, since=policy.since(at)),
            policy=policy,
            at=at,
        )
    return store_report(records, report, unless_since=unless_since, by=by, at=at)


def seal_report(records: Records, reporting: Reporting, *, report: UUID, by: Actor, at: datetime) -> MadeReport:
    """Lay out and seal a stored report; one that is sealed stays as it is.

    :raise ReportUnknown: no such report.
    :raise IssuerUnknown: the installation has no seal.
    """
    with records.reading() as session:
        made = made_report(session, report)
        certificate = service_certificate(session, SEAL)
        if certificate is None:
            raise IssuerUnknown(SEAL)
        chain = issuer_chain(session, certificate.issuer)
    if made.file_sha256 is not None:
        return made
    base = render_report(
        made.plain(),
        reference=made.reference,
        digest=made.digest,
        environment=reporting.environment,
        fonts=reporting.fonts,
    )
    prepared = reporting.workshop.run(prepare_seal, base, at=at)
    seal = SealKey(key=reporting.keyring.key(SEAL), certificate=certificate.der, chain=chain)
    sealed = seal_prepared(prepared, seal, reporting.time_stamps)
    kept = reporting.files.put(sealed)
    base_sha256 = hashlib.sha256(base).hexdigest()
    return record_seal(records, report=report, base_sha256=base_sha256, file_sha256=kept, by=by, at=at)
