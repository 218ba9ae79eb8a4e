"""A platform sees the dossiers, documents and ceremonies that it opened, and no other platform's."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from api.problems import NotFound
from pki.records import CeremonyId, DocumentId, DossierId, Records
from signer.ceremonies.tables import Ceremony
from signer.dossiers.tables import Document, Dossier

from .clients import PlatformClient


def own_dossier(records: Records, client: PlatformClient, dossier: UUID) -> DossierId:
    """The dossier's id, if the platform opened it.

    :raise NotFound: it did not, or there is none: the answer is the same.
    """
    with records.reading() as session:
        platform = session.scalar(select(Dossier.platform).where(Dossier.id == dossier))
    if platform != client.id:
        raise NotFound("dossier", str(dossier))
    return DossierId(dossier)


def own_document(records: Records, client: PlatformClient, reference: str) -> DocumentId:
    """The id of the document of that reference, if it belongs to a dossier of the platform.

    :raise NotFound: it does not, or there is none.
    """
    with records.reading() as session:
        document = session.scalar(
            select(Document.id)
            .join(Dossier, Dossier.id == Document.dossier_id)
            .where(Document.reference == reference, Dossier.platform == client.id)
        )
    if document is None:
        raise NotFound("document", reference)
    return DocumentId(document)


def own_ceremony(records: Records, client: PlatformClient, ceremony: UUID) -> CeremonyId:
    """The ceremony's id, if the platform opened it.

    :raise NotFound: it did not, or there is none.
    """
    with records.reading() as session:
        opened_by = session.scalar(select(Ceremony.opened_by).where(Ceremony.id == ceremony))
    if opened_by != client.id:
        raise NotFound("ceremony", str(ceremony))
    return CeremonyId(ceremony)
