"""Two censuses from the start, others from a file: errors beside their line, good lines kept."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from pki.journal.tables import Leaf
from pki.records import Records
from pki.registration.census import CensusRecorded, CountedBody, censuses, counts_of, parse_census, record_census
from pki.registration.errors import ImportRefused
from pki.registration.imported import read_lines
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, OUJDA, T0


def recorded(records: Records, *rows: tuple[str, int], census: str = "RGPH 2034") -> CensusRecorded:
    counted = [CountedBody(line=number, code=code, population=people) for number, (code, people) in enumerate(rows, 2)]
    return record_census(records, counted, census=census, by=OFFICER, at=T0)


def population(records: Records, census: str, code: str) -> int | None:
    with records.reading() as session:
        return counts_of(session, census).get(session.scalars(select(Body.id).where(Body.code == code)).one())


def test_two_censuses_exist(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        assert censuses(session) == ("RGPH 2014", "RGPH 2024")
        assert len(counts_of(session, "RGPH 2024")) == 1503 + 75 + 41
        communes = set(session.scalars(select(Body.id).where(Body.kind == BodyKind.COMMUNE)))
        former = counts_of(session, "RGPH 2014")
    assert sum(people for body, people in former.items() if body in communes) == 33_848_242
    assert population(sqlite_records, "RGPH 2014", "12.066.01.03") is None


def test_arrondissements_lie_where_their_city_does(records: Records) -> None:
    with records.reading() as session:
        found = session.scalars(select(Body).where(Body.kind == BodyKind.ARRONDISSEMENT)).all()
        cities = {body.code: body for body in session.scalars(select(Body).where(Body.kind == BodyKind.COMMUNE))}
        assert len(found) == 41
        assert len({each.commune_code for each in found}) == 6
        for each in found:
            city = cities[each.commune_code or ""]
            assert (each.province_code, each.region_code) == (city.province_code, city.region_code)
            assert sum(one.population or 0 for one in found if one.commune_code == city.code) == city.population


def test_only_an_arrondissement_has_a_commune(records: Records) -> None:
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text("UPDATE body SET commune_code = code WHERE kind = 'commune'"))


def test_good_lines_are_kept(records: Records) -> None:
    done = recorded(records, (BERRECHID, 170_000), ("99.999", 5), (OUJDA, 600_000))
    assert (done.added, [(each.number, each.value) for each in done.refused]) == (2, [(3, "99.999")])
    assert population(records, "RGPH 2034", BERRECHID) == 170_000
    assert BERRECHID not in done.missing
    assert "06.117.01.05" in done.missing
    assert len(done.missing) == 1503 + 75 + 41 - 2


def test_a_figure_once_recorded_stays(records: Records) -> None:
    recorded(records, (BERRECHID, 170_000))
    again = recorded(records, (BERRECHID, 170_001))
    assert (again.added, len(again.refused)) == (0, 1)
    assert population(records, "RGPH 2034", BERRECHID) == 170_000
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text("UPDATE census_count SET population = 1"))


def test_again_adds_nothing_and_leaves_no_leaf(sqlite_records: Records) -> None:
    recorded(sqlite_records, (BERRECHID, 170_000))
    with sqlite_records.reading() as session:
        before = session.scalar(select(func.count()).select_from(Leaf))
    again = recorded(sqlite_records, (BERRECHID, 170_000))
    assert (again.added, again.unchanged) == (0, 1)
    with sqlite_records.reading() as session:
        assert session.scalar(select(func.count()).select_from(Leaf)) == before


def test_a_province_whose_communes_were_all_counted(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        codes = session.scalars(
            select(Body.code).where(Body.province_code == BERRECHID_PROVINCE, Body.kind == BodyKind.COMMUNE)
        ).all()
    recorded(sqlite_records, *[(code, 100) for code in codes[1:]])
    assert population(sqlite_records, "RGPH 2034", BERRECHID_PROVINCE) is None
    recorded(sqlite_records, (codes[0], 50))
    assert population(sqlite_records, "RGPH 2034", BERRECHID_PROVINCE) == 100 * (len(codes) - 1) + 50


def test_a_file_with_some_bad_lines() -> None:
    text = "\ufeffcode;population\n06.117.01.03; 170000\n02.1;-4\n02.2;\n02.3;1e5\n02.4;٣\n06.117.01.03;1\n;\n"
    counted, refused = parse_census(text)
    assert counted == [CountedBody(line=2, code="06.117.01.03", population=170_000)]
    assert [each.number for each in refused] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "code\n1",
        "code,population,party\n1,2,x",
        "code,population,code\n1,2,3",
        "code,population\n1,2,3",
        'code,population\n"1,2',
        "code,population\n" + "1,2\n" * 20_001,
        "x" * 20_000_001,
        "code,population\n06.117.01.03\x00,1",
    ],
)
def test_a_file_that_is_none(text: str) -> None:
    with pytest.raises(ImportRefused):
        parse_census(text)


def test_a_cell_of_several_lines_is_in_one_row() -> None:
    """Lines are numbered as a table program shows them, whatever a cell holds."""
    content = b'\xef\xbb\xbfPOPULATION;Code\n"1\n2";a\n\n;\n5;b\n'
    lines = read_lines(content, needed=("code", "population"), known=("code", "population"))
    assert [(line.number, line.values["code"]) for line in lines] == [(2, "a"), (5, "b")]


def test_cells_out_of_number_refuse_the_file_or_are_told() -> None:
    names = {"needed": ("a", "b"), "known": ("a", "b")}
    assert [line.values for line in read_lines("a,b\n1", **names)] == [{"a": "1", "b": ""}]
    with pytest.raises(ImportRefused, match="row 2"):
        read_lines("a,b\n1,2,3", **names)
    assert [line.extra for line in read_lines("a,b\n1\n1,2\n1,2,3", ragged=True, **names)] == [-1, 0, 1]
