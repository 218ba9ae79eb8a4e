"""What `khatam doctor` says of the books."""

from sqlalchemy import update

from api.cli.checks import books
from api.cli.findings import Standing
from api.settings import Settings
from pki.quota.tables import Allowance
from pki.quota.waves import open_wave
from pki.records import Records
from pki.registration.bodies import body_id
from tests.pki.estate import BERRECHID, SYSTEM, T0, sign


def test_a_balance_moved_behind_the_books_is_found(settings: Settings, records: Records) -> None:
    agreement, codes = sign(records), [BERRECHID]
    open_wave(records, agreement=agreement, label="1", body_codes=codes, opens_on=T0.date(), by=SYSTEM, at=T0)
    assert [each.standing for each in books(settings)] == [Standing.OK]
    with records.writing() as session:
        body = body_id(session, BERRECHID)
        session.execute(update(Allowance).where(Allowance.body_id == body).values(granted=4))
    (found,) = books(settings)
    assert found.standing is Standing.FAIL
    assert f"seat/available/{body} stored 4, by its entries 5" in found.seen
    assert "quota export" in found.fix
