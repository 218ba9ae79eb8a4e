"""How a draft comes to be: rendered, given its fields, stored, and recorded as revision 0.

The slow part (layout, fields) runs between two short transactions: the first takes the reference, the second
checks the rules again and writes the document. A stop in between leaves a gap in a series and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import HolderId, Records, civil_day
from pki.registration.tables import Body, Holder
from signer.dossiers.documents import DocumentRecord
from signer.dossiers.errors import HolderUnknown
from signer.dossiers.kinds import DocumentKind, DocumentState, Level
from signer.dossiers.leases import refuse_leased
from signer.dossiers.references import LETTERS, CheckKey, next_reference, public_address
from signer.dossiers.standing import live_document
from signer.dossiers.tables import Document, DocumentField, Revision
from signer.files import Files

Facts = Mapping[str, object]
"""JSON-safe facts of one document, in the words of `khatam.json`."""


class Render(Protocol):
    """Lays a document out as PDF/A in Arabic and French, with its facts embedded as `khatam.json`."""

    def __call__(self, kind: str, facts: Facts) -> bytes: ...


class AddFields(Protocol):
    """Adds one visible signature field per name to an unsigned PDF, stacked from the foot of its last page."""

    def __call__(self, pdf: bytes, names: Sequence[str]) -> bytes: ...


class Inspect(Protocol):
    """Looks at foreign bytes in a worker; raises the intake's refusal. Returns how many signatures it found."""

    def __call__(self, pdf: bytes) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """What drafting needs from outside the room."""

    files: Files
    render: Render
    add_fields: AddFields
    inspect: Inspect
    check_key: CheckKey
    public_host: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A signature field to be: its name, for which body, by whom."""

    name: str
    body_code: str
    signer: HolderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document to be written: everything but its bytes and its reference."""

    kind: DocumentKind
    dossier: UUID | None
    order: UUID | None
    body_code: str
    title: str
    live_slot: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """The stored bytes of a draft that is not written yet."""

    reference: str
    sha256: str
    size: int
    rendered: bool


def take_reference(records: Records, kind: DocumentKind, at: datetime) -> str:
    """Take the next reference of the kind's series, in a transaction of its own."""
    with records.writing() as session:
        return next_reference(session, LETTERS[kind], civil_day(at).year)


def lay_out(
    drafting: Drafting, draft: Draft, facts: Facts, *, reference: str, at: datetime, own_pdf: bytes | None = None
) -> LaidOut:
    """Store the unsigned PDF with its fields: rendered from `facts`, or the caller's own. No transaction is open."""
    rendered = own_pdf is None
    if own_pdf is None:
        check = drafting.check_key.characters(reference)
        common = {
            "v": 1,
            "environment": drafting.environment,
            "kind": draft.kind.value,
            "reference": reference,
            "check": check,
            "address": public_address(drafting.public_host, reference, check),
            "title": draft.title,
            "date": civil_day(at).isoformat(),
        }
        own_pdf = drafting.render(draft.kind.value, {**common, **facts})
    pdf = drafting.add_fields(own_pdf, [field.name for field in draft.fields])
    return LaidOut(reference=reference, sha256=drafting.files.put(pdf), size=len(pdf), rendered=rendered)


def write_draft(session: Session, draft: Draft, laid: LaidOut, *, by: Actor, at: datetime) -> Document:
    """Write the document with its fields and revision 0, in the place of what held its slot. A step.

    :raise DocumentLeased: somebody is signing what it would replace.
    """
    former = live_document(session, draft.live_slot)
    if former is not None:
        refuse_leased(session, document=former, at=at)
        _supersede(session, former, by=by, at=at)
    document = Document(
        reference=laid.reference,
        kind=draft.kind,
        dossier_id=draft.dossier,
        order_id=draft.order,
        body_code=draft.body_code,
        title=draft.title,
        state=DocumentState.DRAFT,
        rendered=laid.rendered,
        live_slot=draft.live_slot,
        head_number=0,
        head_sha256=laid.sha256,
        drafted_at=at,
        drafted_by=by.id,
    )
    session.add(document)
    session.flush()
    for field in draft.fields:
        session.add(
            DocumentField(document_id=document.id, name=field.name, body_code=field.body_code, signer_id=field.signer)
        )
    session.add(
        Revision(document_id=document.id, number=0, sha256=laid.sha256, size=laid.size, level=Level.NONE, made_at=at)
    )
    session.flush()
    facts = {"sha256": laid.sha256, "fields": [field.name for field in draft.fields], "rendered": laid.rendered}
    record(session, kind="document.drafted", subject=f"document:{laid.reference}", by=by, at=at, facts=facts)
    return document


def _supersede(session: Session, former: Document, *, by: Actor, at: datetime) -> None:
    session.execute(
        update(Document)
        .where(Document.id == former.id)
        .values(state=DocumentState.SUPERSEDED, live_slot=None)
        .execution_options(synchronize_session=False)
    )
    session.expire(former)
    record(session, kind="document.superseded", subject=f"document:{former.reference}", by=by, at=at)


def drafted(drafting: Drafting, document: Document) -> DocumentRecord:
    """The finished draft as the acts return it."""
    return DocumentRecord.of(document, drafting.check_key)


def body_facts(session: Session, code: str) -> dict[str, object]:
    """A body as facts: its code and its names."""
    body = session.scalar(select(Body).where(Body.code == code))
    if body is None:
        return {"code": code, "name_fr": code, "name_ar": code}
    return {"code": code, "kind": body.kind.value, "name_fr": body.name_fr, "name_ar": body.name_ar}


def holder_facts(session: Session, holder: HolderId) -> dict[str, object]:
    """A holder as facts: his names, never his national id.

    :raise HolderUnknown: there is none of that id.
    """
    row = session.get(Holder, holder)
    if row is None:
        raise HolderUnknown(holder)
    return {"name_ar": row.name_ar, "name_latin": row.name_latin}
