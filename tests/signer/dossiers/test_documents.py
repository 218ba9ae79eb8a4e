"""Heads, fields, revisions, and the acceptance of keys."""

from datetime import date, timedelta

import pytest

from pki.records import day_start
from signer.dossiers.acceptance import AcceptedKey, draft_key_acceptance
from signer.dossiers.documents import NewRevision, close_field, move_head, revisions
from signer.dossiers.drafting import take_reference
from signer.dossiers.errors import DocumentComplete, HeadMoved
from signer.dossiers.kinds import DocumentKind, DossierKind, Level, Track
from tests.signer.dossiers.town import PLATFORM, Town


def test_head_moves_once(town: Town) -> None:
    licence = town.decision(town.dossier(DossierKind.REFECTION, Track.REFECTION))
    new = NewRevision(sha256="a" * 64, size=1, level=Level.B_T, field="President", signer=town.people["president"])
    with town.records.writing() as session:
        move_head(session, document=licence.id, expected_sha256=licence.sha256, revision=new, at=town.at)
    for expected in (licence.sha256, "a" * 64):  # an old head; then a field that was signed
        with pytest.raises(HeadMoved), town.records.writing() as session:
            move_head(session, document=licence.id, expected_sha256=expected, revision=new, at=town.at)
    with town.records.writing() as session:
        assert [each.number for each in revisions(session, licence.id)] == [0, 1]
        assert close_field(session, document=licence.id, name="President", revision_number=1, at=town.at)
        with pytest.raises(HeadMoved):
            close_field(session, document=licence.id, name="President", revision_number=1, at=town.at)


def test_key_is_accepted_once(town: Town) -> None:
    holder = town.people["agency"]
    key = AcceptedKey(
        order=town.keys.held[holder].order, holder=holder, body_code="AU-1", certificate_sha256="0" * 64, serial="01"
    )
    first = draft_key_acceptance(town.records, town.drafting, key=key, by=PLATFORM, at=town.at)
    second = draft_key_acceptance(town.records, town.drafting, key=key, by=PLATFORM, at=town.at)
    assert first == second
    assert first.reference == "K26-0000001"
    town.sign("agency", second.reference)
    assert town.paper.completed[0].order == key.order
    with pytest.raises(DocumentComplete):
        draft_key_acceptance(town.records, town.drafting, key=key, by=PLATFORM, at=town.at)


def test_year_of_a_reference_is_the_civil_one(town: Town) -> None:
    new_year = day_start(date(2027, 1, 1))
    assert take_reference(town.records, DocumentKind.LICENCE, new_year) == "L27-0000001"
    assert take_reference(town.records, DocumentKind.LICENCE, new_year - timedelta(seconds=1)) == "L26-0000001"
