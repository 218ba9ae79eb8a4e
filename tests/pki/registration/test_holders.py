"""Enrolment: one person once, names that read as they are, the full national id seen only with a journal entry."""

import threading
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from pki.journal.tables import EventRow
from pki.records import HolderId, Records, civil_day
from pki.registration.bodies import register_body
from pki.registration.enrolled import holder_sheet, holders, keeps
from pki.registration.errors import (
    BodyExists,
    BodyKindRefused,
    ContactRefused,
    HolderExists,
    HolderUnknown,
    NameRefused,
    NationalIdMalformed,
    ProvinceUnknown,
)
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.holders import Contact, change_contacts, enrol_holder, reveal_national_id
from pki.registration.kinds import BodyKind
from pki.registration.tables import Holder
from tests.pki.estate import BERRECHID, OFFICER, PROTECTION, T0, ended, person, seated


def test_same_national_id_is_the_same_person(sqlite_records: Records) -> None:
    first = person(sqlite_records, cin="AB123456")
    with pytest.raises(HolderExists) as refused:
        person(sqlite_records, cin=" ab123456 ", name="Somebody Else")
    assert refused.value.holder == first


def test_same_person_enrolled_at_once(records: Records) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(8)

    def run() -> None:
        start.wait()
        try:
            person(records, cin="AB123456")
            outcomes.append("enrolled")
        except Exception as error:  # noqa: BLE001
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["HolderExists"] * 7 + ["enrolled"]


def test_full_look_is_journalled(sqlite_records: Records) -> None:
    holder = person(sqlite_records, cin="AB123456")
    with sqlite_records.writing() as session:
        seen = reveal_national_id(session, PROTECTION, holder=holder, purpose="test", by=OFFICER, at=T0)
    assert seen == "AB123456"
    with sqlite_records.reading() as session:
        kinds = session.scalars(select(EventRow.kind).where(EventRow.subject == f"holder:{holder}")).all()
    assert sorted(kinds) == ["holder.enrolled", "holder.national-id-read"]


def test_contacts_change_with_a_reason(records: Records) -> None:
    holder = person(records, cin="AB123456")
    change = {"holder": holder, "reason": "Lettre", "by": OFFICER, "at": T0}
    change_contacts(records, contacts={Contact.EMAIL: "A@Example.MA", Contact.PHONE: "0612345678"}, **change)  # type: ignore[arg-type]
    change_contacts(records, contacts={Contact.PHONE: None}, **change)  # type: ignore[arg-type]
    with pytest.raises(ContactRefused):
        change_contacts(records, contacts={Contact.EMAIL: "a@b.ma, c@d.ma"}, **change)  # type: ignore[arg-type]
    with pytest.raises(HolderUnknown):
        change_contacts(records, contacts={Contact.PHONE: None}, **change | {"holder": HolderId(uuid4())})  # type: ignore[arg-type]
    with records.reading() as session:
        sheet = holder_sheet(session, PROTECTION, holder=holder, within=EVERYWHERE, on=civil_day(T0))
        kinds = session.scalars(select(EventRow.kind).where(EventRow.subject == f"holder:{holder}")).all()
    assert (sheet.email, sheet.phone, sheet.line.cin_masked) == ("A@example.ma", None, "AB••••56")
    assert sorted(kinds) == ["holder.contacts-changed"] * 2 + ["holder.enrolled"]


def test_a_list_holds_who_has_or_had_an_office_there(records: Records) -> None:
    holder, office = seated(records)
    ended(records, office, date(2022, 1, 1))
    person(records, cin="ZZ1")

    def shown(**where: str) -> list[HolderId]:
        with records.reading() as session:
            found = holders(session, PROTECTION, within=Extent(**where), after=None, limit=10)
        return [each.id for each in found]

    assert shown(body_code=BERRECHID) == shown(province_code="06.117") == [holder]
    assert shown(province_code="06.141") == []
    assert len(shown()) == 2
    province = Extent(province_code="06.117")
    with records.reading() as session:
        for day, kept in ((date(2021, 12, 31), [holder]), (date(2022, 1, 1), [])):
            assert session.scalars(select(Holder.id).where(keeps(province, on=day))).all() == kept


def test_unknown_holder(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session, pytest.raises(HolderUnknown):
        reveal_national_id(session, PROTECTION, holder=HolderId(uuid4()), purpose="test", by=OFFICER, at=T0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name_ar", "Ahmed"), ("name_latin", "أحمد"), ("name_latin", ""), ("name_latin", "A\u202eB")],
)
def test_refused_name_enrols_nobody(sqlite_records: Records, field: str, value: str) -> None:
    names = {"name_ar": "أحمد", "name_latin": "Ahmed", field: value}
    with pytest.raises(NameRefused) as refused:
        enrol_holder(sqlite_records, PROTECTION, **names, cin="AB1234", by=OFFICER, at=T0)
    assert refused.value.field == field
    with sqlite_records.reading() as session:
        assert session.scalars(select(Holder.id)).all() == []


def test_malformed_national_id(sqlite_records: Records) -> None:
    with pytest.raises(NationalIdMalformed):
        person(sqlite_records, cin="123456")


def test_bodies(records: Records) -> None:
    agency = {"kind": BodyKind.URBAN_AGENCY, "name_fr": "Agence", "name_ar": "الوكالة", "by": OFFICER, "at": T0}
    body = register_body(records, code="AU-1", province_code="06.117", **agency)  # type: ignore[arg-type]
    assert body.region_code == "06"
    with pytest.raises(BodyExists):
        register_body(records, code="AU-1", **agency)  # type: ignore[arg-type]
    with pytest.raises(ProvinceUnknown):
        register_body(records, code="AU-2", province_code="99", **agency)  # type: ignore[arg-type]
    with pytest.raises(BodyKindRefused):
        register_body(records, code="AU-3", **(agency | {"kind": BodyKind.COMMUNE}))  # type: ignore[arg-type]
