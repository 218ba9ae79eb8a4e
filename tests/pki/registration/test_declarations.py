"""A register declared complete: from today on by one officer, from a past day by two, and taken back by two."""

from datetime import date, timedelta
from typing import Any

import pytest

from pki.records import HolderId, Records, civil_day
from pki.registration.entitlement import Answer, Reason, entitlement
from pki.registration.errors import DeclarationUnknown, SecondOfficerNeeded
from pki.registration.kinds import ActKind
from pki.registration.powers.declarations import (
    DeclarationRecording,
    DeclarationWithdrawal,
    declarations_of,
    declare_powers_complete,
    declare_register_complete,
)
from pki.registration.powers.kinds import Declared
from pki.registration.powers.proposals import confirm, propose
from pki.registration.powers.spelling import RegisterAct
from tests.pki.estate import BERRECHID, OFFICER, SECOND, T0, person
from tests.pki.registration.council import Council

SINCE = date(2015, 9, 4)
SIGNED = T0 - timedelta(days=900)


def touched(_session: object, *, body_code: str, holder: HolderId | None, **_when: Any) -> tuple[str, ...]:
    return ("L-2024-0001",) if (body_code, holder) == (BERRECHID, None) else ()


def by_two(records: Records, act: RegisterAct, *, at: Any = T0) -> None:
    proposal = propose(records, act=act, touched=touched, by=OFFICER, at=at)
    assert proposal.documents == ("L-2024-0001",)
    confirm(records, proposal=proposal.id, digest=proposal.digest, touched=touched, by=SECOND, at=at)


@pytest.mark.parametrize("declare", [declare_register_complete, declare_powers_complete])
def test_a_past_day_takes_two_officers(sqlite_records: Records, declare: Any) -> None:
    today = civil_day(T0)
    with pytest.raises(SecondOfficerNeeded):
        declare(sqlite_records, body_code=BERRECHID, complete_from=today - timedelta(days=1), by=OFFICER, at=T0)
    declare(sqlite_records, body_code=BERRECHID, complete_from=today, by=OFFICER, at=T0)


def test_a_mistaken_declaration_is_taken_back_by_two(records: Records) -> None:
    """Whoever signed for the body and is missing from its register: no, and again that it does not know."""
    Council(records, seats=())
    gone = person(records)

    def asked(**known: Any) -> tuple[Answer, Reason]:
        with records.reading() as session:
            found = entitlement(session, holder=gone, body_code=BERRECHID, act=ActKind.LICENCE, at=SIGNED, **known)
        return found.answer, found.reason

    for declared in Declared:
        by_two(records, DeclarationRecording(declared=declared, body_code=BERRECHID, complete_from=SINCE))
    assert asked() == (Answer.NO, Reason.NO_OFFICE)
    with records.reading() as session:
        standing = declarations_of(session, body_code=BERRECHID)
    assert [(each.declared, each.complete_from) for each in standing] == [(each, SINCE) for each in Declared]
    later = T0 + timedelta(days=1)
    for each in standing:
        mistake = DeclarationWithdrawal(declared=each.declared, declaration=each.id, reason="only since 2021")
        by_two(records, mistake, at=later)
        with pytest.raises(DeclarationUnknown):
            propose(records, act=mistake, touched=touched, by=OFFICER, at=later)
    assert asked() == (Answer.UNKNOWN, Reason.REGISTER_INCOMPLETE)
    assert asked(known_at=T0) == (Answer.NO, Reason.NO_OFFICE)
