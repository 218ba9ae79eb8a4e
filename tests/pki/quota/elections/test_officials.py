"""Lists of officials: what is taken, what is refused beside its row, and files that are no lists."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from pki.quota.elections.errors import PlanUnknown
from pki.quota.elections.importing import import_officials
from pki.quota.elections.kinds import RowFault
from pki.quota.elections.officials import COLUMNS, MOST_BYTES, OfficialRow, parse_officials
from pki.quota.elections.tables import ElectedOfficial
from pki.registration.errors import ImportRefused
from pki.registration.imported import MOST_LINES
from pki.registration.kinds import OfficeFunction
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, PROTECTION, T0
from tests.pki.quota.elections.estate import HEADING, Wave, cin, listed, new_council, row

GOOD = "06.117.01.03,president,,أحمد,Ahmed Alami,AB123456,a@b.ma,+212 6 61 00 00 00,24/09/2026,PV 1"


def faults(content: bytes) -> list[tuple[int, str, RowFault]]:
    found = [each for each in parse_officials(content) if not isinstance(each, OfficialRow)]
    return [(error.row, error.column, error.code) for errors in found for error in errors]


def with_cell(column: str, text: str) -> bytes:
    cells = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {column: text}
    return f"{HEADING}\n{','.join(cells[name] for name in COLUMNS)}\n".encode()


def test_a_good_row() -> None:
    (found,) = parse_officials(f"{HEADING}\n{GOOD}".encode())
    assert isinstance(found, OfficialRow)
    assert (found.row, found.function, found.rank, found.cin) == (2, OfficeFunction.PRESIDENT, None, "AB123456")
    assert (found.phone, str(found.elected_on)) == ("+212661000000", "2026-09-24")
    assert "AB123456" not in repr(found)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + f"{HEADING}\r\n{GOOD}\r\n".encode(),
        f"{HEADING}\n{GOOD}\n".replace(",", ";").encode(),
        f"{HEADING}\n{GOOD.replace('PV 1', chr(34) + 'PV 1, du 24' + chr(34))}\n".encode(),
        f"{HEADING}\n\n{GOOD}\n,,,,,,,,,\n".encode(),
    ],
    ids=["byte-order mark", "semicolons", "quotes", "blank rows"],
)
def test_ways_to_save_a_list(content: bytes) -> None:
    assert [type(each) for each in parse_officials(content)] == [OfficialRow]


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("body", "", RowFault.EMPTY),
        ("deed", "x" * 301, RowFault.TOO_LONG),
        ("deed", "a\tb", RowFault.CONTROL_CHARACTER),
        ("deed", "=HYPERLINK(1)", RowFault.FORMULA),
        ("name_latin", "@SUM(A1)", RowFault.FORMULA),
        ("email", "+cmd", RowFault.FORMULA),
        ("function", "maire", RowFault.FUNCTION_NOT_ELECTED),
        ("function", "secretary", RowFault.FUNCTION_NOT_ELECTED),
        ("rank", "1", RowFault.RANK_REFUSED),
        ("name_ar", "Ahmed", RowFault.NAME_REFUSED),
        ("name_latin", "أحمد", RowFault.NAME_REFUSED),
        ("cin", "123456", RowFault.CIN_MALFORMED),
        ("cin", "AB١٢٣", RowFault.CIN_MALFORMED),
        ("email", "a@b", RowFault.EMAIL_MALFORMED),
        ("phone", "12", RowFault.PHONE_MALFORMED),
        ("elected_on", "2026-02-30", RowFault.DATE_MALFORMED),
        ("elected_on", "09/24/2026", RowFault.DATE_MALFORMED),
    ],
)
def test_one_wrong_cell(column: str, text: str, code: RowFault) -> None:
    assert faults(with_cell(column, text)) == [(2, column, code)]


@pytest.mark.parametrize("rank", ["", "0", "31", "x", "²"])
def test_a_vice_president_has_a_rank(rank: str) -> None:
    content = with_cell("rank", rank).replace(b",president,", b",vice_president,")
    assert faults(content) == [(2, "rank", RowFault.RANK_REFUSED)]


def test_cells_out_of_number() -> None:
    assert faults(f"{HEADING}\n{GOOD},x\n{GOOD[:40]}\n".encode()) == [
        (2, "", RowFault.TOO_MANY_CELLS),
        (3, "", RowFault.TOO_FEW_CELLS),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * (MOST_BYTES + 1),
        f"{HEADING}\n{GOOD}".encode("utf-16"),
        f"{HEADING}\n".encode() + "é".encode("cp1252"),
        HEADING.encode() + b"\n\x00",
        b"body,function\nx,y",
        f"{HEADING},party\n".encode(),
        f'{HEADING}\n"{GOOD}'.encode(),
        f'{HEADING}\n"a"b,{GOOD}'.encode(),
        f"{HEADING}\n{'x' * 200_000}\n".encode(),
        f"{HEADING}\n".encode() + b"a\n" * (MOST_LINES + 1),
    ],
    ids=[
        "empty",
        "huge",
        "UTF-16",
        "Windows-1252",
        "NUL",
        "columns missing",
        "party membership",
        "open quotation mark",
        "text after a quotation mark",
        "huge cell",
        "too many rows",
    ],
)
def test_hostile_files(content: bytes) -> None:
    with pytest.raises(ImportRefused):
        list(parse_officials(content))


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda said: f"{HEADING}\n{said}".encode("utf-8", "ignore"))
    )
)
def test_any_bytes_are_rows_or_a_typed_refusal(content: bytes) -> None:
    try:
        found = list(parse_officials(content))
    except ImportRefused:
        return
    assert all(isinstance(each, OfficialRow) or each for each in found)


def test_good_rows_are_kept_beside_wrong_ones(wave: Wave) -> None:
    number = cin()
    imported = wave.load(
        listed(
            row(BERRECHID, "president", None, number),
            row("99.999.99.99", "president", None, cin()),
            row(BERRECHID_PROVINCE, "president", None, cin()),
            row(BERRECHID, "president", None, cin()),
            row(BERRECHID, "vice_president", 1, number),
            row(BERRECHID, "vice_president", 2, cin()).replace("2026-11-01", "2026-11-03"),
            row(BERRECHID, "vice_president", 3, cin()),
        )
    )
    assert (imported.new, imported.changed, imported.unchanged) == (2, 0, 0)
    assert [(error.row, error.column, error.code) for error in imported.errors] == [
        (3, "body", RowFault.BODY_UNKNOWN),
        (4, "body", RowFault.BODY_WITHOUT_COUNCIL),
        (5, "function", RowFault.PLACE_TWICE),
        (6, "cin", RowFault.PERSON_TWICE),
        (7, "elected_on", RowFault.DATE_TO_COME),
    ]
    assert "row 2" in imported.errors[2].words


def test_the_same_list_again_is_nothing_and_a_changed_row_supersedes(wave: Wave) -> None:
    rows = new_council(BERRECHID, 3)
    assert wave.load(listed(*rows)).new == 3
    assert wave.load(listed(*rows)).unchanged == 3
    rows[1] = row(BERRECHID, "vice_president", 1, cin())
    again = wave.load(listed(*rows))
    assert (again.new, again.changed, again.unchanged) == (0, 1, 2)
    with wave.records.reading() as session:
        kept = select(func.count()).select_from(ElectedOfficial)
        assert session.scalar(kept) == 4
        assert session.scalar(kept.where(ElectedOfficial.superseded_at.is_(None))) == 3


def test_nothing_readable_at_rest(sqlite_wave: Wave) -> None:
    number = cin()
    sqlite_wave.load(listed(row(BERRECHID, "president", None, number)))
    with sqlite_wave.records.reading() as session:
        kept = session.scalars(select(ElectedOfficial)).one()
        assert number.encode() not in kept.cin_encrypted
        assert number not in kept.digest + kept.cin_hash


def test_a_plan_that_is_not_there(sqlite_wave: Wave) -> None:
    with pytest.raises(PlanUnknown):
        import_officials(sqlite_wave.records, PROTECTION, plan=uuid4(), content=listed(), by=OFFICER, at=T0)
