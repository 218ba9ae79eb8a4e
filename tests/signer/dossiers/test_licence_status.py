"""The force of a licence: two times, corrections, nothing edited."""

from datetime import date, timedelta

import pytest

from signer.dossiers.documents import DocumentRecord, document_by_public_name, document_by_reference
from signer.dossiers.errors import DocumentUnknown, NotALicence, StatusCorrected
from signer.dossiers.kinds import DossierKind, LicenceStatusKind, Track
from signer.dossiers.licence_status import LicenceForce, StatusAct, licence_force, record_licence_status
from tests.signer.dossiers.town import PLATFORM, Town


@pytest.fixture
def licence(town: Town) -> DocumentRecord:
    licence = town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION))
    with pytest.raises(NotALicence):
        record_licence_status(town.records, reference=licence.reference, act=withdrawal(), by=PLATFORM, at=town.at)
    town.sign("president", licence.reference)
    return licence


def withdrawal(**changes: object) -> StatusAct:
    said: dict[str, object] = {
        "status": LicenceStatusKind.WITHDRAWN,
        "in_effect": date(2026, 3, 10),
        "deed": "Arrêté 7",
        "reason": "Fraude",
    }
    return StatusAct(**(said | changes))  # type: ignore[arg-type]


def force(town: Town, licence: DocumentRecord, *, known: bool = True) -> LicenceForce:
    with town.records.reading() as session:
        return licence_force(session, licence.id, at=town.at, known_at=None if known else town.at)


def test_in_force_until_the_civil_day(town: Town, licence: DocumentRecord) -> None:
    record_licence_status(town.records, reference=licence.reference, act=withdrawal(), by=PLATFORM, at=town.at)
    town.at = town.at.replace(day=9, hour=22, minute=59)
    assert force(town, licence).in_force
    town.later(hours=3)
    assert force(town, licence).status is LicenceStatusKind.WITHDRAWN


def test_what_was_known_then(town: Town, licence: DocumentRecord) -> None:
    act = withdrawal(in_effect=date(2026, 3, 1))
    record_licence_status(
        town.records, reference=licence.reference, act=act, by=PLATFORM, at=town.at + timedelta(days=1)
    )
    assert not force(town, licence).in_force
    assert force(town, licence, known=False).in_force


def test_correction_takes_the_place_once(town: Town, licence: DocumentRecord) -> None:
    first = record_licence_status(town.records, reference=licence.reference, act=withdrawal(), by=PLATFORM, at=town.at)
    later = withdrawal(in_effect=date(2026, 5, 1), corrects=first)
    record_licence_status(town.records, reference=licence.reference, act=later, by=PLATFORM, at=town.at)
    with pytest.raises(StatusCorrected):
        record_licence_status(town.records, reference=licence.reference, act=later, by=PLATFORM, at=town.at)
    town.later(days=20)
    assert force(town, licence).in_force
    town.later(days=60)
    assert force(town, licence).since == date(2026, 5, 1)


def test_stranger_needs_the_check_characters(town: Town, licence: DocumentRecord) -> None:
    key = town.drafting.check_key
    with town.records.reading() as session:
        found = document_by_public_name(session, key, reference=licence.reference, check=licence.check)
        assert found.id == licence.id
        for reference, check in ((licence.reference, "2222"), ("L26-9999999", key.characters("L26-9999999"))):
            with pytest.raises(DocumentUnknown):
                document_by_public_name(session, key, reference=reference, check=check)
        with pytest.raises(DocumentUnknown):
            document_by_reference(session, "nothing")
