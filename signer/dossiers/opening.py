"""Acts: open a dossier, add files to it. The committee is named once, by the rules of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import DossierId, Records, civil_day
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province
from signer.dossiers.committee import Requirement, required_bodies
from signer.dossiers.drafting import Inspect
from signer.dossiers.errors import BodyMayNotDecide, CommitteeUnknown, DossierExists
from signer.dossiers.kinds import DossierKind, Track
from signer.dossiers.references import DOSSIER_LETTER, next_reference
from signer.dossiers.standing import get_dossier, refuse_decided
from signer.dossiers.tables import ApplicationFile, CommitteeMember, Dossier, FileVersion
from signer.dossiers.texts import plain_text
from signer.files import Files


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the platform says of the application."""

    platform_reference: str
    body_code: str
    kind: DossierKind
    track: Track
    title: str
    applicant: str
    parcel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredOpinion:
    """A body whose opinion the dossier requires."""

    body_code: str
    body_kind: str
    name_fr: str
    name_ar: str
    binding: bool
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDossier:
    """A dossier as its opening returns it."""

    id: DossierId
    reference: str
    required: tuple[RequiredOpinion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFile:
    """A version of an application file, now its head."""

    reference: str
    title: str
    number: int
    sha256: str


def open_dossier(records: Records, *, application: Application, by: Actor, at: datetime) -> OpenedDossier:
    """Open a dossier and name its committee from the register.

    :raise TextRefused: a text that must not be shown to a signer.
    :raise TrackRefused: no rule for the kind on that track.
    :raise BodyMayNotDecide: the body is no commune or arrondissement.
    :raise CommitteeUnknown: a required kind of body is not in the register for this territory.
    :raise DossierExists: this platform opened one under the same reference.
    """
    requirements = required_bodies(application.kind, application.track)
    for name in ("platform_reference", "title", "applicant", "parcel"):
        plain_text(name, getattr(application, name))
    with records.writing() as session:
        body = session.scalar(select(Body).where(Body.code == application.body_code))
        if body is None or body.kind not in (BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT):
            raise BodyMayNotDecide(application.body_code)
        asked = select(Dossier.reference).where(
            Dossier.platform == by.id, Dossier.platform_reference == application.platform_reference
        )
        former = session.scalar(asked)
        if former is not None:
            raise DossierExists(application.platform_reference, former)
        members = _name_committee(session, body, requirements)
        dossier = Dossier(
            reference=next_reference(session, DOSSIER_LETTER, civil_day(at).year),
            platform=by.id,
            platform_reference=application.platform_reference,
            body_code=body.code,
            kind=application.kind,
            track=application.track,
            title=application.title,
            applicant=application.applicant,
            parcel=application.parcel,
            opened_at=at,
        )
        session.add(dossier)
        session.flush()
        for member in members:
            session.add(
                CommitteeMember(
                    dossier_id=dossier.id,
                    body_code=member.body_code,
                    body_kind=member.body_kind,
                    binding=member.binding,
                    article=member.article,
                )
            )
        facts = {
            "platform_reference": application.platform_reference,
            "body": body.code,
            "kind": application.kind.value,
            "track": application.track.value,
            "required": [member.body_code for member in members],
        }
        record(session, kind="dossier.opened", subject=f"dossier:{dossier.reference}", by=by, at=at, facts=facts)
        return OpenedDossier(id=DossierId(dossier.id), reference=dossier.reference, required=members)


def required_opinions(session: Session, dossier: DossierId) -> tuple[RequiredOpinion, ...]:
    """The dossier's committee, as it was named when it was opened."""
    rows = session.execute(
        select(CommitteeMember, Body.name_fr, Body.name_ar)
        .join(Body, Body.code == CommitteeMember.body_code)
        .where(CommitteeMember.dossier_id == dossier)
        .order_by(CommitteeMember.body_code)
    )
    return tuple(
        RequiredOpinion(
            body_code=member.body_code,
            body_kind=member.body_kind,
            name_fr=name_fr,
            name_ar=name_ar,
            binding=member.binding,
            article=member.article,
        )
        for member, name_fr, name_ar in rows
    )


def _name_committee(session: Session, body: Body, requirements: Sequence[Requirement]) -> tuple[RequiredOpinion, ...]:
    """Find the bodies that the rules ask for; a kind nobody answers to is refused, never skipped."""
    members: list[RequiredOpinion] = []
    missing: list[str] = []
    for requirement in requirements:
        found = _bodies(session, body, requirement.body_kind)
        if not found:
            missing.append(requirement.body_kind.value)
        members += [
            RequiredOpinion(
                body_code=each.code,
                body_kind=each.kind.value,
                name_fr=each.name_fr,
                name_ar=each.name_ar,
                binding=requirement.binding,
                article=requirement.article,
            )
            for each in found
        ]
    if missing:
        raise CommitteeUnknown(body.code, missing)
    return tuple(members)


def _bodies(session: Session, body: Body, kind: BodyKind) -> list[Body]:
    """Bodies of a kind for a commune's territory: those of its province, else of its region, else of the country.

    Several network operators may serve one territory, and all are asked; of every other kind there is one.
    """
    if kind is BodyKind.COMMUNE:
        return [body]
    if kind is BodyKind.PROVINCE:
        return list(session.scalars(select(Body).where(Body.kind == kind, Body.code == body.province_code)))
    region = session.scalar(select(Province.region_code).where(Province.code == body.province_code))
    of_kind = select(Body).where(Body.kind == kind).order_by(Body.code)
    for territory in (
        Body.province_code == body.province_code,
        Body.province_code.is_(None) & (Body.region_code == region),
        Body.province_code.is_(None) & Body.region_code.is_(None),
    ):
        found = list(session.scalars(of_kind.where(territory)))
        if found:
            return found if kind is BodyKind.NETWORK_OPERATOR else found[:1]
    return []


def add_file(
    records: Records,
    files: Files,
    inspect: Inspect,
    *,
    dossier: DossierId,
    title: str,
    content: bytes,
    by: Actor,
    at: datetime,
) -> AddedFile:
    """Add a PDF of the application; under a title the dossier already has, as that file's next version.

    Opinions that read an earlier version no longer count. The same bytes again change nothing.

    :raise signer.errors.SignerError: the intake's refusal, with its reason.
    :raise TextRefused: the title must not be shown to a signer.
    :raise DossierDecided: the decision is signed.
    """
    plain_text("title", title)
    inspect(content)
    with records.reading() as session:
        get_dossier(session, dossier)
        refuse_decided(session, dossier)
    sha256 = files.put(content)
    with records.writing() as session:
        subject = f"dossier:{get_dossier(session, dossier, for_update=True).reference}"
        refuse_decided(session, dossier)
        file = session.scalar(
            select(ApplicationFile).where(ApplicationFile.dossier_id == dossier, ApplicationFile.title == title)
        )
        if file is not None and file.head_sha256 == sha256:
            return AddedFile(reference=file.reference, title=title, number=file.head_number, sha256=sha256)
        if file is None:
            file = ApplicationFile(
                dossier_id=dossier,
                reference=next_reference(session, DOSSIER_LETTER, civil_day(at).year),
                title=title,
                head_number=0,
            )
            session.add(file)
        file.head_number += 1
        file.head_sha256 = sha256
        session.flush()
        session.add(
            FileVersion(
                file_id=file.id,
                number=file.head_number,
                sha256=sha256,
                size=len(content),
                added_at=at,
                added_by=by.id,
            )
        )
        facts = {"file": file.reference, "title": title, "number": file.head_number, "sha256": sha256}
        record(session, kind="dossier.file-added", subject=subject, by=by, at=at, facts=facts)
        return AddedFile(reference=file.reference, title=title, number=file.head_number, sha256=sha256)
