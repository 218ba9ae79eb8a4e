"""Opinions, minutes, decisions: what each is bound to."""

import pytest
from sqlalchemy import select

from signer.dossiers.documents import document_by_reference, fields
from signer.dossiers.errors import (
    DocumentComplete,
    DocumentLeased,
    DocumentOutdated,
    DocumentSuperseded,
    FilesUnread,
    FileVersionNotHead,
    MinutesIncomplete,
    MinutesStand,
    NoCommittee,
    NotCommitteeMember,
    OneOpinionPerPerson,
    OpinionReasonsMissing,
    OpinionsMissing,
    OpinionStands,
    OwnPdfSigned,
    RefusalReasonsMissing,
)
from signer.dossiers.kinds import DocumentKind, DossierKind, MemberState, OpinionValue, Track
from signer.dossiers.tables import MinutesEntry
from tests.signer.dossiers.town import MEMBERS, Town


def test_version_that_is_not_the_head_is_refused(town: Town) -> None:
    dossier = town.dossier()
    old = town.file(dossier)
    new = town.file(dossier, b"%PDF second")
    with pytest.raises(FileVersionNotHead) as error:
        town.opinion(dossier, "agency", [old, new])
    assert error.value.sha256 == old


def test_opinion_reads_every_file(town: Town) -> None:
    dossier = town.dossier()
    with pytest.raises(FilesUnread):
        town.opinion(dossier, "agency", [])
    read = town.file(dossier)
    town.file(dossier, b"%PDF roof", "Toiture")
    with pytest.raises(FilesUnread) as error:
        town.opinion(dossier, "agency", [read])
    assert error.value.titles == ("Toiture",)


def test_new_version_makes_a_drafted_opinion_unsignable(town: Town) -> None:
    dossier = town.dossier()
    opinion = town.opinion(dossier, "agency", [town.file(dossier)])
    town.file(dossier, b"%PDF second")
    with pytest.raises(DocumentOutdated):
        town.open("agency", opinion.reference)


def test_body_without_a_seat_has_no_opinion(town: Town) -> None:
    dossier = town.dossier()
    with pytest.raises(NotCommitteeMember):
        town.opinion(dossier, "operator", [town.file(dossier)])


def test_a_no_gives_its_reasons(town: Town) -> None:
    dossier = town.dossier()
    with pytest.raises(OpinionReasonsMissing):
        town.opinion(dossier, "agency", [town.file(dossier)], OpinionValue.UNFAVOURABLE, " ")


def test_signed_opinion_stands_until_a_file_changes(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    first = town.opinion(dossier, "agency", read)
    second = town.opinion(dossier, "agency", read)
    with pytest.raises(DocumentSuperseded):
        town.open("agency", first.reference)
    town.sign("agency", second.reference)
    with pytest.raises(OpinionStands):
        town.opinion(dossier, "agency", read)
    town.sign("agency", town.opinion(dossier, "agency", [town.file(dossier, b"%PDF second")]).reference)


def test_draft_in_hand_is_not_replaced(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    town.agent("agency", town.opinion(dossier, "agency", read).reference)
    with pytest.raises(DocumentLeased):
        town.opinion(dossier, "agency", read)


def test_one_person_speaks_for_one_body(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    town.opinion(dossier, "agency", read)
    town.people["provincial"] = town.people["agency"]
    with pytest.raises(OneOpinionPerPerson):
        town.opinion(dossier, "provincial", read)


def test_minutes_wait_for_every_opinion_or_absence(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    with pytest.raises(OpinionsMissing) as error:
        town.minutes(dossier)
    assert set(error.value.missing) == {"001", "01.001.01.01", "AU-1"}
    with pytest.raises(OpinionsMissing):
        town.minutes(dossier, dict.fromkeys(error.value.missing, "absent"))
    for who in ("communal", "agency"):
        town.sign(who, town.opinion(dossier, who, read).reference)
    with pytest.raises(OpinionsMissing):
        town.minutes(dossier)
    with pytest.raises(OpinionsMissing):
        town.minutes(dossier, {"001": "excusé", "AU-1": "excusé"})
    with pytest.raises(NotCommitteeMember):
        town.minutes(dossier, {"NET-1": "excusé"})
    minutes = town.minutes(dossier, {"001": "excusé"})
    with town.records.reading() as session:
        entries = {each.body_code: each.state for each in session.scalars(select(MinutesEntry))}
        assert entries["001"] is MemberState.NONE
        assert {each.name for each in fields(session, minutes.id)} == {"Member-01-001-01-01", "Member-AU-1"}
    for who in ("communal", "agency"):
        town.sign(who, minutes.reference)
    with pytest.raises(DocumentComplete):
        town.open("provincial", minutes.reference)
    town.sign("president", town.decision(dossier).reference)


def test_late_opinion_reopens_the_minutes(town: Town) -> None:
    dossier = town.dossier()
    read = [town.file(dossier)]
    for who in ("communal", "agency"):
        town.sign(who, town.opinion(dossier, who, read).reference)
    minutes = town.minutes(dossier, {"001": "excusé"})
    town.sign("agency", minutes.reference)
    with pytest.raises(MinutesStand):
        town.minutes(dossier, {"001": "excusé"})
    town.sign("provincial", town.opinion(dossier, "provincial", read, OpinionValue.UNFAVOURABLE).reference)
    with pytest.raises(DocumentOutdated):
        town.open("communal", minutes.reference)
    with pytest.raises(MinutesIncomplete):
        town.decision(dossier)
    new = town.minutes(dossier)
    for who in MEMBERS:
        town.sign(who, new.reference)
    town.decision(dossier)


def test_refection_has_no_minutes(town: Town) -> None:
    with pytest.raises(NoCommittee):
        town.minutes(town.dossier(DossierKind.REFECTION, Track.REFECTION))


def test_refusal_gives_its_reasons(town: Town) -> None:
    dossier = town.dossier(DossierKind.REFECTION, Track.REFECTION)
    with pytest.raises(RefusalReasonsMissing):
        town.decision(dossier, DocumentKind.REFUSAL)
    refusal = town.decision(dossier, DocumentKind.REFUSAL, text="Dossier incomplet.")
    assert refusal.reference == "R26-0000001"


def test_own_pdf_is_never_certified(town: Town) -> None:
    dossier = town.dossier(DossierKind.REFECTION, Track.REFECTION)
    with pytest.raises(OwnPdfSigned):
        town.decision(dossier, own_pdf=b"%PDF signed by an architect")
    licence = town.decision(dossier, own_pdf=b"%PDF mine\n")
    with town.records.reading() as session:
        head = document_by_reference(session, licence.reference).head_sha256
    assert town.files.get(head).startswith(b"%PDF mine\nfields President")
    assert town.agent("president", licence.reference).manifest.items[0].docmdp is None
