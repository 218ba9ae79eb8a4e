"""Who can sign where a finding is in effect: whoever it stops does not count, and whoever takes his place does."""

import pytest
from sqlalchemy import event

from pki.quota.elections.signatories import Unable, able_to_sign
from pki.records import HolderId, OfficeId, Records
from pki.registration.extent import Extent
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.powers.kinds import FindingKind
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, T0
from tests.pki.quota.estate import Bureau
from tests.pki.registration.council import STARTS, Council

ABSENT, SUBSTITUTED, SUSPENDED = FindingKind.ABSENCE, FindingKind.SUBSTITUTION, FindingKind.SPECIAL_COMMITTEE
LICENCE = frozenset({ActKind.LICENCE})


def with_key(bureau: Bureau, holder: HolderId, office: OfficeId, payer: str = BERRECHID) -> None:
    order = bureau.order(holder, office, payer).id
    bureau.submit(order)
    bureau.approve(order)
    bureau.issue(order)
    bureau.confirm(order)
    bureau.activate(order)


def standing(records: Records) -> Unable | None:
    """Why Berrechid cannot sign; None: it can."""
    with records.reading() as session:
        (found,) = able_to_sign(session, at=T0, within=Extent(province_code=BERRECHID_PROVINCE))
    return next((each.why for each in found.unable if each.body_code == BERRECHID), None)


@pytest.fixture
def council(bureau: Bureau) -> Council:
    """Everybody in office; the president alone has a key."""
    council = Council(bureau.records, seats=("president", "first", "second", "head"))
    with_key(bureau, council.holders["president"], council.offices["president"])
    return council


def test_an_absent_president_counts_by_who_replaces_him(bureau: Bureau, council: Council) -> None:
    assert standing(bureau.records) is None
    council.absent()
    assert standing(bureau.records) is Unable.NO_KEY
    with_key(bureau, council.holders["second"], council.offices["second"])
    assert standing(bureau.records) is Unable.NO_KEY  # the first is there
    council.absent("first")
    assert standing(bureau.records) is None
    council.absent("second")
    assert standing(bureau.records) is Unable.PREVENTED


@pytest.mark.parametrize(
    ("found", "key", "expected"),
    [
        ((SUSPENDED, LICENCE), False, Unable.NO_KEY),
        ((SUSPENDED, LICENCE), True, None),
        ((SUSPENDED, frozenset()), True, Unable.PREVENTED),
        ((SUBSTITUTED, LICENCE), False, None),
    ],
)
def test_under_other_findings(
    bureau: Bureau,
    council: Council,
    found: tuple[FindingKind, frozenset[ActKind]],
    key: bool,
    expected: Unable | None,
) -> None:
    """A special committee sits in the council's place; a substitution takes nothing from the president."""
    kind, acts = found
    if key:
        with_key(bureau, council.holders["head"], council.offices["head"])
    council.found(kind, None if kind is SUSPENDED else "president", acts=acts)
    assert standing(bureau.records) is expected


def test_a_governor_signs_for_a_president_without_key(bureau: Bureau) -> None:
    council = Council(bureau.records, seats=("president",))
    office = council.seat("governor", OfficeFunction.GOVERNOR, body=BERRECHID_PROVINCE, starts_on=STARTS)
    with_key(bureau, council.holders["governor"], office, BERRECHID_PROVINCE)
    assert standing(bureau.records) is Unable.NO_KEY
    council.found(SUBSTITUTED, "president", acts=LICENCE)
    assert standing(bureau.records) is None


def test_a_few_statements_whatever_the_number(bureau: Bureau) -> None:
    council, asked = Council(bureau.records, seats=("president", "first")), list[str]()
    council.absent()
    event.listen(bureau.records.reading_engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    standing(bureau.records)
    assert len([each for each in asked if each.startswith("SELECT")]) == 5
