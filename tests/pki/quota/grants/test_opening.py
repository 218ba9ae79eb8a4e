"""Keys in the field before they were on record: booked as they are, above the allowance if so, once."""

import base64
from datetime import date
from pathlib import Path

import pytest

from pki.quota.balances import explain
from pki.quota.errors import AllowanceExhausted
from pki.quota.grants.field_lines import KeyInField, parse_keys
from pki.quota.grants.opening import KeysImported, import_keys_in_field
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.reading import ledger
from pki.quota.stopping import revoke_key
from pki.quota.tables import AgreementBook
from pki.records import OrderId
from pki.registration.errors import ImportRefused
from pki.registration.kinds import OfficeFunction
from pki.status.external import configure_external_crl, register_external_issuer
from pki.status.tables import RevocationReason
from tests.pki.ca.estate import OutsideCa
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, PROTECTION, SYSTEM, T0
from tests.pki.quota.estate import Bureau, settled
from tests.pki.quota.grants.estate import agreement_of, figures, line


class Field:
    """A bureau that knows the outside authority, and its lines."""

    def __init__(self, bureau: Bureau) -> None:
        self.bureau, self.ca = bureau, OutsideCa()
        self.certificate = self.ca.issue(serial=0xBEEF)
        self.issuer = register_external_issuer(
            bureau.records,
            name="Other",
            certificate=self.ca.der,
            root=self.ca.der,
            crl=self.ca.crl(T0, 1),
            policy_oids=(),
            environment="rehearsal",
            at=T0,
            by=SYSTEM,
        )

    def key(self, number: int, **deviation: object) -> KeyInField:
        """A line for one of Berrechid's committee members, by the serial of his certificate alone."""
        said: dict[str, object] = {
            "line": number + 1,
            "body_code": BERRECHID,
            "function": OfficeFunction.COMMITTEE_MEMBER,
            "rank": None,
            "name_ar": "سلمى بناني",
            "name_latin": "Salma Bennani",
            "cin": f"QA{number}",
            "starts_on": date(2021, 9, 24),
            "deed": "",
            "certificate": None,
            "serial": f"a{number}",
            "device_serial": f"T{number}",
            "paid_by": None,
        }
        return KeyInField(**(said | deviation))  # type: ignore[arg-type]

    def with_certificate(self, **deviation: object) -> KeyInField:
        """A line with the authority's certificate of AB654321."""
        return self.key(1, **({"certificate": self.certificate, "serial": "beef", "cin": "AB654321"} | deviation))

    def import_(self, *keys: KeyInField) -> KeysImported:
        return import_keys_in_field(self.bureau.records, PROTECTION, keys, by=OFFICER, at=T0)

    def orders(self, body: str = BERRECHID) -> list[OrderId]:
        with self.bureau.records.reading() as session:
            return [seat.order for seat in explain(session, body).seats]


@pytest.fixture
def field(bureau: Bureau) -> Field:
    return Field(bureau)


@pytest.fixture
def sqlite_field(sqlite_bureau: Bureau) -> Field:
    return Field(sqlite_bureau)


def test_seven_keys_for_five_seats(field: Field) -> None:
    """None is refused; the two above are shown, and nothing new is ordered until they are gone."""
    used = figures(field.bureau.records)[3]
    done = field.import_(*[field.key(number) for number in range(7)])
    assert (done.opened, done.refused, done.above) == (7, (), ((BERRECHID, 2),))
    found = line(field.bureau.records)
    assert (found.granted, found.reserved, found.live, found.excess) == (5, 0, 7, 2)
    assert figures(field.bureau.records)[3] == used + 7
    field.bureau.books_balance()
    with pytest.raises(AllowanceExhausted):
        field.bureau.requested()
    with field.bureau.records.reading() as session:
        seats = explain(session, BERRECHID).seats
    assert [seat.granted_by is None for seat in seats] == [False] * 5 + [True] * 2


def test_the_entries(sqlite_field: Field) -> None:
    sqlite_field.import_(sqlite_field.key(1))
    [order] = sqlite_field.orders()
    with sqlite_field.bureau.records.reading() as session:
        entries = [(each.book.value, each.account.value, each.change) for each in ledger(session, order=order)]
        assert {each.cause for each in ledger(session, order=order)} == {"opening"}
    assert sorted(entries) == [
        ("purchase", "unused", -1),
        ("purchase", "used", 1),
        ("seat", "available", -1),
        ("seat", "live", 1),
    ]
    view = sqlite_field.bureau.view(order)
    assert (view.road, view.state, view.seat) == (Road.SUPPLIED, OrderState.DELIVERED, SeatPlace.LIVE)
    assert (view.payer_code, view.device_serial) == (BERRECHID, "T1")


def test_accepted_here_without_moving_a_seat(sqlite_field: Field) -> None:
    sqlite_field.import_(sqlite_field.with_certificate())
    [order] = sqlite_field.orders()
    sqlite_field.bureau.activate(order)
    assert sqlite_field.bureau.stands(order) == (OrderState.ACTIVE, SeatPlace.LIVE)
    assert line(sqlite_field.bureau.records).live == 1
    sqlite_field.bureau.books_balance()


def test_revoked_it_frees_its_seat(sqlite_field: Field) -> None:
    sqlite_field.import_(sqlite_field.with_certificate())
    [order] = sqlite_field.orders()
    crl = sqlite_field.ca.crl(T0, 2, {0xBEEF: T0})
    configure_external_crl(sqlite_field.bureau.records, issuer=sqlite_field.issuer, crl=crl, at=T0, by=SYSTEM)
    revoke_key(
        sqlite_field.bureau.records, settled, order=order, reason=RevocationReason.KEY_COMPROMISE, by=OFFICER, at=T0
    )
    assert line(sqlite_field.bureau.records).live == 0
    sqlite_field.bureau.books_balance()


def test_again_is_known(field: Field) -> None:
    lines = [field.key(2), field.with_certificate()]
    field.import_(*lines)
    again = field.import_(*lines)
    assert (again.opened, again.known, again.refused) == (0, 2, ())
    assert line(field.bureau.records).live == 2
    field.bureau.books_balance()


def test_its_certificate_comes_later(sqlite_field: Field) -> None:
    sqlite_field.import_(sqlite_field.with_certificate(certificate=None))
    [order] = sqlite_field.orders()
    assert sqlite_field.bureau.view(order).certificates == ()
    done = sqlite_field.import_(sqlite_field.with_certificate())
    assert (done.completed, done.opened, line(sqlite_field.bureau.records).live) == (1, 0, 1)
    assert len(sqlite_field.bureau.view(order).certificates) == 1
    assert sqlite_field.import_(sqlite_field.with_certificate()).known == 1


def test_good_lines_are_kept_and_a_bad_one_leaves_nothing_behind(field: Field) -> None:
    bad = [
        field.key(1, body_code=OUJDA),
        field.key(2, body_code="99.999"),
        field.key(3, function=OfficeFunction.GOVERNOR),
        field.key(4, cin="?"),
        field.key(5, name_ar="Salma"),
        field.key(6, starts_on=None),
        field.key(7, paid_by="the commune itself"),
    ]
    done = field.import_(*bad, field.key(8))
    assert (done.opened, [each.number for each in done.refused]) == (1, [2, 3, 4, 5, 6, 7, 8])
    assert all("QA" not in each.reason for each in done.refused)
    # The very same person can be enrolled: the line that was refused left nobody.
    assert field.import_(field.key(1)).opened == 1
    field.bureau.books_balance()


def test_somebody_elses_certificate(sqlite_field: Field) -> None:
    done = sqlite_field.import_(sqlite_field.with_certificate(cin="QA9"))
    assert (done.opened, len(done.refused)) == (0, 1)
    assert line(sqlite_field.bureau.records).live == 0


def test_paid_by_another_takes_nothing(sqlite_field: Field) -> None:
    key = sqlite_field.with_certificate(paid_by="the holder himself")
    done = sqlite_field.import_(key)
    assert (done.registered, done.opened) == (1, 0)
    assert (line(sqlite_field.bureau.records).live, figures(sqlite_field.bureau.records)[3]) == (0, 0)
    assert sqlite_field.import_(key).known == 1


def test_an_office_on_record_needs_no_first_day(sqlite_field: Field) -> None:
    first = sqlite_field.key(1, serial="a1")
    sqlite_field.import_(first)
    [order] = sqlite_field.orders()
    sqlite_field.bureau.activate(order)
    done = sqlite_field.import_(sqlite_field.key(1, serial="a2", starts_on=None))
    assert (done.opened, done.refused) == (1, ())


def test_no_purchase_left(sqlite_field: Field) -> None:
    records = sqlite_field.bureau.records
    agreement = agreement_of(records)
    with records.writing() as session:
        book = session.get_one(AgreementBook, agreement)
        book.purchases_used = book.purchases_granted - 1
    done = sqlite_field.import_(sqlite_field.key(1), sqlite_field.key(2))
    assert (done.opened, [each.number for each in done.refused]) == (1, [3])


def test_resumed_after_a_cut(sqlite_field: Field) -> None:
    keys = [sqlite_field.key(number) for number in range(4)]

    class PowerCut(BaseException):
        pass

    def cut() -> None:
        if line(sqlite_field.bureau.records).live == 2:
            raise PowerCut

    with pytest.raises(PowerCut):
        import_keys_in_field(sqlite_field.bureau.records, PROTECTION, keys, by=OFFICER, at=T0, told=cut)
    done = sqlite_field.import_(*keys)
    assert (done.known, done.opened, line(sqlite_field.bureau.records).live) == (2, 2, 4)
    sqlite_field.bureau.books_balance()


HEADER = "body_code,function,rank,name_ar,name_latin,cin,starts_on,certificate,serial\n"


def read(tmp_path: Path) -> object:
    return lambda name: (tmp_path / name).read_bytes()


def test_a_file(tmp_path: Path) -> None:
    certificate = OutsideCa().issue(serial=0xBEEF)
    (tmp_path / "one.der").write_bytes(certificate)
    pem = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(certificate) + b"-----END CERTIFICATE-----\n"
    (tmp_path / "one.pem").write_bytes(pem)
    good = "06.117.01.03,vice_president,2,سلمى,Salma,QA1,2021-09-24,"
    text = HEADER + f"{good}one.der,\n{good}one.pem,00:BE:EF\n{good},0xBEEF\n"
    keys, refused = parse_keys(text, open_certificate=read(tmp_path))  # type: ignore[arg-type]
    assert refused == []
    assert [key.certificate for key in keys] == [certificate, certificate, None]
    assert {(key.serial, key.rank, key.starts_on) for key in keys} == {("beef", 2, date(2021, 9, 24))}


@pytest.mark.parametrize(
    "line",
    [
        "06.117.01.03,king,,س,S,QA1,,,a1",
        "06.117.01.03,president,x,س,S,QA1,,,a1",
        "06.117.01.03,president,,س,S,QA1,1/2/2021,,a1",
        "06.117.01.03,president,,س,S,QA1,,,",
        "06.117.01.03,president,,س,S,QA1,,,xyz",
        "06.117.01.03,president,,س,S,QA1,,absent.pem,",
        "06.117.01.03,president,,س,S,QA1,,junk.pem,",
        "06.117.01.03,president,,س,S,QA1,,one.der,a1",
        "06.117.01.03,president,,س,S,,,,a1",
    ],
)
def test_bad_lines_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.der").write_bytes(OutsideCa().issue(serial=0xBEEF))
    (tmp_path / "junk.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nnone\n")
    keys, refused = parse_keys(HEADER + line + "\n", open_certificate=read(tmp_path))  # type: ignore[arg-type]
    assert (keys, [each.number for each in refused]) == ([], [2])


def test_a_file_that_is_none() -> None:
    with pytest.raises(ImportRefused):
        parse_keys("name\nx\n", open_certificate=lambda _: b"")
