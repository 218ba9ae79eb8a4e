"""Which communes can sign at an instant, and why the others cannot: a few statements, whatever the number."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import Session

from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateRow
from pki.quota.elections.kinds import COUNCILS, CouncilState
from pki.quota.elections.tables import Council
from pki.quota.kinds import OrderState
from pki.quota.tables import KeyOrder
from pki.quota.transitions import OPEN_STATES
from pki.records import civil_day
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import MECHOUAR_COMMUNES, OfficeFunction
from pki.registration.powers.replacements import signing_under_findings
from pki.registration.tables import Body, Office, OfficeEnd
from pki.status.tables import BlockRow, RevocationRow

_ABLE, _WITHOUT = "able", "without"


class Unable(StrEnum):
    """Why a body cannot sign its licences today."""

    NO_OFFICE = "no-office"
    """The register knows nobody in the office that signs."""
    PREVENTED = "prevented"
    """By a finding: absent, or suspended with the council; and nobody on record signs in his place."""
    NO_KEY = "no-key"
    KEY_UNDER_WAY = "key-under-way"
    KEY_NOT_ACCEPTED = "key-not-accepted"
    KEY_BLOCKED = "key-blocked"
    KEY_OVER = "key-over"
    """Expired or revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnableBody:
    """One body and why."""

    body_code: str
    why: Unable


@dataclass(frozen=True, slots=True, kw_only=True)
class AbleToSign:
    """The count of one province, or of all."""

    province_code: str
    able: int
    unable: tuple[UnableBody, ...]
    without_signatory: tuple[str, ...]
    """Between two councils nobody may sign, by law: codes of frozen councils that are not seated."""


def able_to_sign(session: Session, *, at: datetime, within: Extent = EVERYWHERE) -> tuple[AbleToSign, ...]:
    """Communes and arrondissements by province: whose signatory holds an office and a key that signs at `at`.

    The signatory is the president, in a méchouar commune the pacha (113-14 art. 101, 113, 236), and where a finding
    says so, who signs in his place (art. 74, 76, 109); that a delegation lets another sign is not counted. A
    certificate revoked elsewhere counts until its block here.
    """
    counted: defaultdict[str, int] = defaultdict(int)
    unable: defaultdict[str, list[UnableBody]] = defaultdict(list)
    without: defaultdict[str, list[str]] = defaultdict(list)
    codes = set()
    instead = _under_findings(session, at, within)
    for row in session.execute(_asked(at, within)):
        province = row.province_code or ""
        codes.add(province)
        why = row.why if row.code not in instead else _weighed(row.why, instead[row.code])
        if why == _ABLE:
            counted[province] += 1
        elif why == _WITHOUT:
            without[province].append(row.code)
        else:
            unable[province].append(UnableBody(body_code=row.code, why=Unable(why)))
    return tuple(
        AbleToSign(
            province_code=code,
            able=counted[code],
            unable=tuple(unable[code]),
            without_signatory=tuple(without[code]),
        )
        for code in sorted(codes)
    )


def _under_findings(session: Session, at: datetime, within: Extent) -> dict[str, list[str]]:
    """By code of each body with a finding in effect: how the keys stand of those who sign meanwhile."""
    # THREAT: a commune whose president was found absent looks served, and nobody sees that it signs nothing.
    # DEFENCE: where a finding is in effect those count who sign under it, by the rules of every ceremony.
    # TEST: tests/pki/quota/elections/test_signatories.py
    signing = signing_under_findings(session, day=civil_day(at), within=within)
    offices = [office for those in signing.values() for office in those]
    asked = select(Office.id, _key_stands(at).label("why")).where(Office.id.in_(offices))
    keys = {row.id: row.why for row in session.execute(asked)} if offices else {}
    return {code: [keys[office] for office in those] for code, those in signing.items()}


def _weighed(why: str, instead: list[str]) -> str:
    """Whether one of those who sign under a finding can; `why` is said of the ordinary signatory."""
    if not instead:
        return why if why in {_WITHOUT, Unable.NO_OFFICE} else Unable.PREVENTED.value
    return _ABLE if _ABLE in instead else instead[0]


def _asked(at: datetime, within: Extent) -> Any:
    day = civil_day(at)
    function = case(
        (Body.code.in_(sorted(MECHOUAR_COMMUNES)), OfficeFunction.PACHA.value), else_=OfficeFunction.PRESIDENT.value
    )
    ended = exists().where(
        OfficeEnd.office_id == Office.id, OfficeEnd.superseded_at.is_(None), OfficeEnd.ends_on <= day
    )
    standing = and_(
        Office.body_id == Body.id,
        Office.function == function,
        Office.superseded_at.is_(None),
        Office.starts_on <= day,
        ~ended,
    )
    frozen = exists().where(Council.body_id == Body.id, Council.state == CouncilState.FROZEN, Council.frozen_on <= day)
    why = case(
        (and_(Office.id.is_(None), frozen), _WITHOUT),
        (Office.id.is_(None), Unable.NO_OFFICE.value),
        else_=_key_stands(at),
    )
    return (
        select(Body.code, Body.province_code, why.label("why"))
        .select_from(Body)
        .outerjoin(Office, standing)
        .where(Body.kind.in_(list(COUNCILS)), within.bodies())
        .order_by(Body.code)
    )


def _key_stands(at: datetime) -> ColumnElement[str]:
    """Whether the office-holder's key signs at `at`, or why it does not."""
    return case(
        (_signs(at), _ABLE),
        (_order_in(OrderState.BLOCKED), Unable.KEY_BLOCKED.value),
        (_order_in(OrderState.DELIVERED), Unable.KEY_NOT_ACCEPTED.value),
        (_order_in(*OPEN_STATES), Unable.KEY_UNDER_WAY.value),
        (_order_in(OrderState.ACTIVE, OrderState.EXPIRED, OrderState.REVOKED), Unable.KEY_OVER.value),
        else_=Unable.NO_KEY.value,
    )


def _signs(at: datetime) -> ColumnElement[bool]:
    """The office-holder has an active key whose signature certificate is valid, neither blocked nor revoked."""
    blocked = exists().where(
        BlockRow.order_id == KeyOrder.id,
        BlockRow.blocked_at <= at,
        or_(BlockRow.lifted_at.is_(None), BlockRow.lifted_at > at),
    )
    revoked = exists().where(RevocationRow.certificate_id == CertificateRow.id, RevocationRow.revoked_at <= at)
    return (
        exists()
        .where(
            KeyOrder.holder_id == Office.holder_id,
            KeyOrder.state == OrderState.ACTIVE,
            CertificateRow.order_id == KeyOrder.id,
            CertificateRow.purpose == CertificatePurpose.SIGNATURE,
            CertificateRow.not_before <= at,
            CertificateRow.not_after >= at,
            ~blocked,
            ~revoked,
        )
        .correlate(Office)
    )


def _order_in(*states: OrderState) -> ColumnElement[bool]:
    return exists().where(KeyOrder.holder_id == Office.holder_id, KeyOrder.state.in_(states)).correlate(Office)
