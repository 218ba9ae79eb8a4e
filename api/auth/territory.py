"""Where an officer may act: in the bodies of his own territory, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select

from api.problems import NotFound
from pki.quota.devices.errors import StoreUnknown
from pki.quota.devices.handovers import handover
from pki.quota.devices.stores import store_extent
from pki.quota.tables import KeyOrder
from pki.records import Records
from pki.registration.enrolled import keeps, sees
from pki.registration.extent import Extent
from pki.registration.tables import Body, Holder, Office, Province
from signer.ceremonies.tables import Ceremony

from .errors import NotPermitted
from .officers import Officer
from .tables import OfficerRole


def require_body(records: Records, officer: Officer, body_code: str) -> None:
    """Hold the officer to his territory.

    :raise NotPermitted: the body lies elsewhere, or nowhere: the answer is the same.
    """
    if not officer.extent.everywhere:
        _require(records, officer, Body.code == body_code, body_code)


def require_bodies(records: Records, officer: Officer, body_codes: Collection[str]) -> None:
    """Hold the officer to his territory, for many bodies at once.

    :raise NotPermitted: one of them lies elsewhere, or nowhere.
    """
    if officer.extent.everywhere:
        return
    with records.reading() as session:
        asked = select(Body.code).where(Body.code.in_(body_codes), officer.extent.bodies())
        outside = sorted(set(body_codes) - set(session.scalars(asked)))
    if outside:
        raise NotPermitted(f"an officer of the territory of {outside[0]}")


def require_office(records: Records, officer: Officer, office: UUID) -> None:
    """Hold the officer to his territory, by an office's body.

    :raise NotFound: no such office.
    """
    if officer.extent.everywhere:
        return
    with records.reading() as session:
        code = session.scalar(select(Body.code).join(Office, Office.body_id == Body.id).where(Office.id == office))
    if code is None:
        raise NotFound("office", str(office))
    require_body(records, officer, code)


def require_holder(records: Records, officer: Officer, holder: UUID) -> None:
    """Hold the officer to his territory, by the offices that the person has or had there.

    :raise NotPermitted: he has none there, or is nobody: the answer is the same.
    """
    # THREAT: an officer reads the file of a person of another territory.
    # DEFENCE: an office on record inside the officer's own extent, ended ones too, superseded ones not.
    # TEST: tests/api/http/test_holders.py::test_a_person_is_seen_from_the_territory_of_his_offices
    if officer.extent.everywhere:
        return
    with records.reading() as session:
        seen = session.scalar(select(Holder.id).where(Holder.id == holder, sees(officer.extent)))
    if seen is None:
        raise NotPermitted("an officer of the territory of that person")


def require_own_holder(records: Records, officer: Officer, holder: UUID, *, on: date) -> None:
    """Hold the officer to the people of his territory alone: all their offices that are not over lie there.

    :param on: the civil day.
    :raise NotPermitted: one lies elsewhere, or all are over: another's, or the centre's; or he is nobody.
    """
    # THREAT: an officer records a stranger in an office of his own territory, or keeps one who left it, and so reads
    #   his national id and contacts, or turns these to himself.
    # DEFENCE: every office that is not over lies in the officer's own extent, and there is one; else the centre alone.
    # TEST: tests/api/http/test_holders.py::test_a_file_opens_where_all_offices_lie
    if officer.extent.everywhere:
        return
    with records.reading() as session:
        kept = session.scalar(select(Holder.id).where(Holder.id == holder, keeps(officer.extent, on=on)))
    if kept is None:
        raise NotPermitted("an officer in whose territory that person's offices all lie")


def require_order(records: Records, officer: Officer, order: UUID) -> None:
    """Hold the officer to his territory, by the body of the order's office.

    :raise NotFound: no such order.
    """
    if officer.extent.everywhere:
        return
    with records.reading() as session:
        code = session.scalar(select(Body.code).join(KeyOrder, KeyOrder.body_id == Body.id).where(KeyOrder.id == order))
    if code is None:
        raise NotFound("key order", str(order))
    require_body(records, officer, code)


def require_ceremony(records: Records, officer: Officer, ceremony: UUID) -> None:
    """Hold the officer to his territory, by the body for which is signed.

    :raise NotFound: no such ceremony.
    """
    with records.reading() as session:
        code = session.scalar(select(Ceremony.body_code).where(Ceremony.id == ceremony))
    if code is None:
        raise NotFound("ceremony", str(ceremony))
    require_body(records, officer, code)


def require_extent(records: Records, officer: Officer, asked: Extent) -> None:
    """Hold the officer to his territory, which must hold everything of what is asked for.

    :raise NotPermitted: a part of it lies elsewhere, or it lies nowhere.
    """
    mine = officer.extent
    if mine.everywhere or mine == asked:
        return
    if asked.body_code is not None:
        require_body(records, officer, asked.body_code)
        return
    if asked.province_code is not None and mine.region_code is not None:
        with records.reading() as session:
            region = session.scalar(select(Province.region_code).where(Province.code == asked.province_code))
        if region == mine.region_code:
            return
    raise NotPermitted(f"an officer of {asked.code or 'the whole country'}")


def require_store(records: Records, officer: Officer, code: str) -> None:
    """Hold the officer to his territory, by a store of devices: its keepers are those of its region or body.

    :raise NotPermitted: the store is another territory's, or nobody's: the answer is the same.
    """
    if officer.extent.everywhere:
        return
    try:
        with records.reading() as session:
            asked = store_extent(session, code)
    except StoreUnknown as unknown:
        raise NotPermitted(f"an officer of the territory of {code}") from unknown
    require_extent(records, officer, asked)


def require_handover(records: Records, officer: Officer, number: int, *, receiving: bool = False) -> None:
    """Hold the officer to his territory, by a hand-over's receiver, or by either side.

    :raise HandoverUnknown: no such hand-over.
    """
    # THREAT: the sender confirms in the receiver's name that devices arrived, and the receiver answers for them.
    # DEFENCE: a receipt is recorded in the receiver's territory alone.
    # TEST: tests/api/http/test_devices.py::test_the_receiver_confirms_in_his_own_territory
    with records.reading() as session:
        found = handover(session, number)
    try:
        require_store(records, officer, found.receiver)
    except NotPermitted:
        if receiving:
            raise
        require_store(records, officer, found.sender)


def require_appointment(records: Records, officer: Officer, *, role: OfficerRole, territory: Extent) -> None:
    """Who appoints whom: a central officer everybody, the others those below them in their own territory.

    :raise NotPermitted: the new officer would be the equal or the superior of this one, or sit elsewhere.
    """
    # THREAT: an officer makes himself a colleague, who then approves what he asks for.
    # DEFENCE: below the centre one appoints strictly lower levels, which approve nothing of one's own level.
    # TEST: tests/api/auth/test_territory.py::test_who_appoints_whom
    if officer.role is OfficerRole.CENTRAL:
        return
    if role.level >= officer.role.level:
        raise NotPermitted(f"an officer above a {role.value} one")
    require_extent(records, officer, territory)


def narrowed(records: Records, officer: Officer, body_code: str | None) -> Extent:
    """What a list shows: the officer's whole territory, or the one body of it that he asks for.

    :raise NotPermitted: that body lies elsewhere.
    """
    if body_code is None:
        return officer.extent
    require_body(records, officer, body_code)
    return Extent(body_code=body_code)


def _require(records: Records, officer: Officer, which: ColumnElement[bool], said: str) -> None:
    # THREAT: an officer reads or acts for a commune that is not his.
    # DEFENCE: one condition for every door and every list: the body lies inside the officer's own extent.
    # TEST: tests/api/auth/test_matrix.py
    with records.reading() as session:
        inside = session.scalar(select(Body.id).where(which, officer.extent.bodies()))
    if inside is None:
        raise NotPermitted(f"an officer of the territory of {said}")
