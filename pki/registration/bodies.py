"""Bodies beside the territory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.inserting import insert_into
from pki.records import Records
from pki.registration.errors import BodyExists, BodyKindRefused, BodyUnknown, ProvinceUnknown
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province

_OFFICIAL = frozenset({BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT, BodyKind.PROVINCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredBody:
    """A body as recorded."""

    id: UUID
    code: str
    kind: BodyKind
    name_fr: str
    name_ar: str
    province_code: str | None
    region_code: str | None


def register_body(
    records: Records,
    *,
    code: str,
    kind: BodyKind,
    name_fr: str,
    name_ar: str,
    province_code: str | None = None,
    by: Actor,
    at: datetime,
) -> RegisteredBody:
    """Record a body that is not part of the official territory.

    :raise BodyKindRefused: a commune, arrondissement or province.
    :raise ProvinceUnknown: no such province.
    :raise BodyExists: the code is taken.
    """
    if kind in _OFFICIAL:
        raise BodyKindRefused(kind.value)
    with records.writing() as session:
        region_code = None
        if province_code is not None:
            region_code = session.scalar(select(Province.region_code).where(Province.code == province_code))
            if region_code is None:
                raise ProvinceUnknown(province_code)
        body = RegisteredBody(
            id=uuid4(),
            code=code,
            kind=kind,
            name_fr=name_fr,
            name_ar=name_ar,
            province_code=province_code,
            region_code=region_code,
        )
        added = session.execute(
            insert_into(session, Body)
            .values(asdict(body))
            .on_conflict_do_nothing(index_elements=["code"])
            .returning(Body.id)
        ).scalar_one_or_none()
        if added is None:
            raise BodyExists(code)
        facts = {"kind": kind, "name_fr": name_fr, "name_ar": name_ar, "province": province_code}
        record(session, kind="body.registered", subject=f"body:{code}", by=by, at=at, facts=facts)
    return body


def body_id(session: Session, code: str) -> UUID:
    """The id of the body of that code.

    :raise BodyUnknown: no such body.
    """
    found = session.scalar(select(Body.id).where(Body.code == code))
    if found is None:
        raise BodyUnknown(code)
    return found
