"""Every door of an officer × every level × five places: who is let in, and what a list shows him.

A door that has no row in `DOORS` fails `test_every_officers_door_has_its_row`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.auth import permissions
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.settings import Settings
from api.wiring import House, build_house
from hsm.software import SoftwareKeys
from pki.journal.acts import Actor, ActorKind
from pki.quota.issuing import approve_issuance, issue_certificates, submit_requests
from pki.quota.orders import request_key
from pki.quota.requests import DeviceClaim
from pki.records import HolderId, OrderId, Records
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from tests.api.auth.country import BY, CIN, FAR, OWN, PLACES, REACH, TERRITORY, Place, settle, token
from tests.api.conftest import configured
from tests.api.served import served
from tests.pki.ca.estate import csr
from tests.pki.estate import without_fsync

CENTRAL, REGIONAL, PROVINCIAL, COMMUNE = OfficerRole
LEAST = {
    permissions._central_officer: CENTRAL,
    permissions._regional_or_above: REGIONAL,
    permissions._provincial_or_above: PROVINCIAL,
    permissions._any_officer: COMMUNE,
}
NOWHERE = "00000000-0000-4000-8000-000000000000"
Asked = tuple[str, Any]


class Door(NamedTuple):
    """The least level that a door needs, and a well-formed request of it for a place; free: no place is named."""

    least: OfficerRole
    ask: Callable[[Place], Asked]
    free: bool = False


TIER = {"kind": "commune", "population_from": 0, "population_below": None, "keys": 3, "basis": "assumed"}
AGREEMENT = {"supplier": "s", "number": "1", "census": "c", "purchases": 1, "in_effect_from": "2026-01-01"}
OFFICE = {"function": "secretary", "starts_on": "2026-01-01", "deed": "PV"}
DOORS: dict[tuple[str, str], Door] = {
    ("POST", "/v1/officers"): Door(
        PROVINCIAL, lambda p: ("/v1/officers", {"name": "Y", "role": "commune", "body_code": p.body})
    ),
    ("POST", "/v1/agreements"): Door(CENTRAL, lambda p: ("/v1/agreements", AGREEMENT | {"tiers": [TIER]}), free=True),
    ("POST", "/v1/waves"): Door(
        CENTRAL,
        lambda p: ("/v1/waves", {"agreement": NOWHERE, "label": "x", "region_codes": ["01"], "opens_on": "2026-01-01"}),
        free=True,
    ),
    ("GET", "/v1/allowances"): Door(COMMUNE, lambda p: (f"/v1/allowances?body={p.body}", None)),
    ("GET", "/v1/ledger"): Door(COMMUNE, lambda p: (f"/v1/ledger?order={p.order}", None)),
    ("GET", "/v1/territory"): Door(COMMUNE, lambda p: ("/v1/territory", None), free=True),
    ("POST", "/v1/bodies"): Door(
        CENTRAL,
        lambda p: ("/v1/bodies", {"code": "X-1", "kind": "ancfcc", "name_fr": "x", "name_ar": "x"}),
        free=True,
    ),
    ("POST", "/v1/bodies/{code}/register-declarations"): Door(
        CENTRAL, lambda p: (f"/v1/bodies/{p.body}/register-declarations", {"complete_from": "2026-01-01"})
    ),
    ("POST", "/v1/holders"): Door(
        PROVINCIAL, lambda p: ("/v1/holders", {"name_ar": "أحمد", "name_latin": "A", "cin": "ZZ1"}), free=True
    ),
    ("POST", "/v1/offices"): Door(
        PROVINCIAL, lambda p: ("/v1/offices", OFFICE | {"holder": str(p.holder), "body": p.body})
    ),
    ("POST", "/v1/offices/{office}/end"): Door(
        PROVINCIAL, lambda p: (f"/v1/offices/{p.office}/end", {"ends_on": "2020-01-01", "reason": "r", "deed": "PV"})
    ),
    ("GET", "/v1/people"): Door(COMMUNE, lambda p: (f"/v1/people?body={p.body}", None)),
    ("GET", "/v1/documents"): Door(COMMUNE, lambda p: (f"/v1/documents?body={p.body}", None)),
    ("GET", "/v1/key-orders"): Door(COMMUNE, lambda p: (f"/v1/key-orders?body={p.body}", None)),
    ("POST", "/v1/key-orders"): Door(
        COMMUNE,
        lambda p: ("/v1/key-orders", {"holder": str(p.holder), "office": str(p.office), "payer": p.body}),
    ),
    ("GET", "/v1/key-orders/{order}"): Door(COMMUNE, lambda p: (f"/v1/key-orders/{p.order}", None)),
    ("POST", "/v1/key-orders/{order}/ticket"): Door(PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/ticket", {})),
    ("POST", "/v1/key-orders/{order}/approval"): Door(
        CENTRAL, lambda p: (f"/v1/key-orders/{p.order}/approval", {"digest": "0" * 64})
    ),
    ("POST", "/v1/key-orders/{order}/acceptance"): Door(
        PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/acceptance", {})
    ),
    ("POST", "/v1/key-orders/{order}/block"): Door(
        PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/block", {"reason": "r"})
    ),
    ("POST", "/v1/key-orders/{order}/revocation"): Door(
        CENTRAL, lambda p: (f"/v1/key-orders/{p.order}/revocation", {"reason": "superseded"})
    ),
    ("POST", "/v1/key-orders/{order}/return"): Door(
        PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/return", {"reason": "r"})
    ),
    ("POST", "/v1/key-registrations"): Door(
        PROVINCIAL,
        lambda p: (
            "/v1/key-registrations",
            {"holder": str(p.holder), "office": str(p.office), "certificate_pem": "x", "paid_by": "x"},
        ),
    ),
    ("POST", "/v1/key-orders/{order}/unlock-releases"): Door(
        PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/unlock-releases", {"reason": "r"})
    ),
    ("POST", "/v1/key-orders/{order}/unlock-releases/{release}/approval"): Door(
        PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/unlock-releases/{NOWHERE}/approval", {"digest": "0" * 64})
    ),
    ("POST", "/v1/issuers"): Door(
        CENTRAL, lambda p: ("/v1/issuers", {"certificate_pem": "x", "chain_pem": "x"}), free=True
    ),
    ("POST", "/v1/issuers/{issuer}/crl"): Door(CENTRAL, lambda p: (f"/v1/issuers/{NOWHERE}/crl", b"0"), free=True),
    ("GET", "/v1/ceremonies/{ceremony}/receipts"): Door(
        PROVINCIAL, lambda p: (f"/v1/ceremonies/{p.ceremony}/receipts", None)
    ),
}
MEMBER = {"name": "X", "function": "f", "body": "b", "starts_on": "2026-01-01", "deed": "d"}
WINDOW = {"assessed_on": "2026-01-01", "assessed_by": "x", "staff": 1, "workstations": 1, "scanners": 1}
PROGRAMME = {"title": "t", "audience": "a", "starts_on": "2026-01-01", "deed": "d"}
REPORT = {"level": "local", "month": "2099-01"}
DOORS |= {
    ("POST", "/v1/committees"): Door(
        PROVINCIAL,
        lambda p: (
            "/v1/committees",
            {"level": "local", "territory": p.province, "deed": "d", "named_on": "2026-01-01"},
        ),
    ),
    ("GET", "/v1/committees"): Door(PROVINCIAL, lambda p: ("/v1/committees", None), free=True),
    ("POST", "/v1/committees/{committee}/members"): Door(
        PROVINCIAL, lambda p: (f"/v1/committees/{p.committee}/members", MEMBER)
    ),
    ("POST", "/v1/committees/{committee}/meetings"): Door(
        PROVINCIAL,
        lambda p: (f"/v1/committees/{p.committee}/meetings", {"held_on": "2026-01-01", "present": 1, "minutes": "m"}),
    ),
    ("POST", "/v1/committees/{committee}/proposals"): Door(
        PROVINCIAL, lambda p: (f"/v1/committees/{p.committee}/proposals", {"made_on": "2026-01-01", "text": "t"})
    ),
    ("POST", "/v1/training-programmes"): Door(
        REGIONAL, lambda p: ("/v1/training-programmes", PROGRAMME | {"region_code": p.region})
    ),
    ("POST", "/v1/training-programmes/{programme}/sessions"): Door(
        PROVINCIAL,
        lambda p: (
            f"/v1/training-programmes/{p.programme}/sessions",
            {"province_code": p.province, "place": "p", "held_on": "2020-01-01"},
        ),
    ),
    ("GET", "/v1/training-sessions"): Door(PROVINCIAL, lambda p: ("/v1/training-sessions", None), free=True),
    ("POST", "/v1/training-sessions/{session_id}/attendances"): Door(
        PROVINCIAL,
        lambda p: (f"/v1/training-sessions/{p.session}/attendances", {"holder": NOWHERE, "body": p.body}),
    ),
    ("GET", "/v1/untrained-holders"): Door(COMMUNE, lambda p: (f"/v1/untrained-holders?body={p.body}", None)),
    ("POST", "/v1/bodies/{code}/window-assessments"): Door(
        PROVINCIAL,
        lambda p: (f"/v1/bodies/{p.body}/window-assessments", WINDOW | {"adequate": True, "findings": "f"}),
    ),
    ("GET", "/v1/single-windows"): Door(COMMUNE, lambda p: (f"/v1/single-windows?body={p.body}", None)),
    ("POST", "/v1/stage-plans"): Door(
        PROVINCIAL,
        lambda p: ("/v1/stage-plans", {"stage": "trained", "planned_on": "2026-01-01", "bodies": [p.body]}),
    ),
    ("GET", "/v1/stages"): Door(COMMUNE, lambda p: (f"/v1/stages?body={p.body}", None)),
    ("GET", "/v1/stages.csv"): Door(COMMUNE, lambda p: (f"/v1/stages.csv?body={p.body}", None)),
    ("POST", "/v1/rollout-records/{kind}/{number}/strike"): Door(
        CENTRAL, lambda p: (f"/v1/rollout-records/plan/{NOWHERE}/strike", {"reason": "r"}), free=True
    ),
    ("POST", "/v1/rollout-reports"): Door(
        PROVINCIAL, lambda p: ("/v1/rollout-reports", REPORT | {"territory": p.province})
    ),
    ("GET", "/v1/rollout-reports"): Door(PROVINCIAL, lambda p: ("/v1/rollout-reports", None), free=True),
    ("GET", "/v1/rollout-reports/{report}"): Door(PROVINCIAL, lambda p: (f"/v1/rollout-reports/{p.report}", None)),
    ("GET", "/v1/rollout-reports/{report}/table"): Door(
        PROVINCIAL, lambda p: (f"/v1/rollout-reports/{p.report}/table", None)
    ),
    ("GET", "/v1/rollout-reports/{report}/file"): Door(
        PROVINCIAL, lambda p: (f"/v1/rollout-reports/{p.report}/file", None)
    ),
}
PLAN = {"agreement": NOWHERE, "label": "x", "region_codes": ["01"], "planned_on": "2026-01-01"}
AMENDMENT = {"number": "A", "reason": "r", "in_effect": "2026-01-01"}
DOORS |= {
    ("GET", "/v1/dashboard"): Door(COMMUNE, lambda p: ("/v1/dashboard", None), free=True),
    ("GET", "/v1/balances"): Door(COMMUNE, lambda p: (f"/v1/balances?body={p.body}", None)),
    ("GET", "/v1/bodies/{code}/seats"): Door(COMMUNE, lambda p: (f"/v1/bodies/{p.body}/seats", None)),
    ("GET", "/v1/exports/ledger.csv"): Door(CENTRAL, lambda p: ("/v1/exports/ledger.csv", None), free=True),
    ("GET", "/v1/exports/allowances.csv"): Door(CENTRAL, lambda p: ("/v1/exports/allowances.csv", None), free=True),
    ("POST", "/v1/agreements/{agreement}/amendments"): Door(
        CENTRAL, lambda p: (f"/v1/agreements/{NOWHERE}/amendments", AMENDMENT), free=True
    ),
    ("POST", "/v1/key-orders/{order}/purchase-return"): Door(
        CENTRAL, lambda p: (f"/v1/key-orders/{p.order}/purchase-return", {"reason": "r"})
    ),
    ("POST", "/v1/wave-plans"): Door(CENTRAL, lambda p: ("/v1/wave-plans", PLAN), free=True),
    ("GET", "/v1/wave-plans"): Door(COMMUNE, lambda p: ("/v1/wave-plans", None), free=True),
    ("POST", "/v1/wave-plans/{plan}/move"): Door(
        CENTRAL, lambda p: (f"/v1/wave-plans/{NOWHERE}/move", {"planned_on": "2026-01-01", "reason": "r"}), free=True
    ),
    ("POST", "/v1/wave-plans/{plan}/open"): Door(
        CENTRAL, lambda p: (f"/v1/wave-plans/{NOWHERE}/open", {"opens_on": "2026-01-01"}), free=True
    ),
    ("POST", "/v1/extras"): Door(COMMUNE, lambda p: ("/v1/extras", {"body": p.body, "seats": 1, "reason": "r"})),
    ("GET", "/v1/extras"): Door(COMMUNE, lambda p: (f"/v1/extras?body={p.body}", None)),
    ("POST", "/v1/extras/{extra}/approval"): Door(
        PROVINCIAL, lambda p: (f"/v1/extras/{p.extra}/approval", {"digest": "0" * 64, "reason": "r"})
    ),
    ("POST", "/v1/extras/{extra}/refusal"): Door(
        PROVINCIAL, lambda p: (f"/v1/extras/{p.extra}/refusal", {"reason": "r"})
    ),
    ("POST", "/v1/transfers"): Door(
        COMMUNE,
        lambda p: ("/v1/transfers", {"giver": p.body, "receiver": FAR, "seats": 1, "reason": "r", "side": "giver"}),
    ),
    ("GET", "/v1/transfers"): Door(COMMUNE, lambda p: (f"/v1/transfers?body={p.body}", None)),
    ("POST", "/v1/transfers/{transfer}/consent"): Door(
        COMMUNE, lambda p: (f"/v1/transfers/{p.transfer}/consent", {"digest": "0" * 64})
    ),
    ("POST", "/v1/transfers/{transfer}/approval"): Door(
        PROVINCIAL, lambda p: (f"/v1/transfers/{p.near}/approval", {"digest": "0" * 64})
    ),
    ("POST", "/v1/transfers/{transfer}/end"): Door(
        COMMUNE, lambda p: (f"/v1/transfers/{p.transfer}/end", {"reason": "r"})
    ),
    ("POST", "/v1/censuses"): Door(CENTRAL, lambda p: ("/v1/censuses", {"census": "c", "csv": "x"}), free=True),
    ("GET", "/v1/censuses"): Door(COMMUNE, lambda p: ("/v1/censuses", None), free=True),
    ("GET", "/v1/agreements/{agreement}/census-effect"): Door(
        CENTRAL, lambda p: (f"/v1/agreements/{NOWHERE}/census-effect?census=c", None), free=True
    ),
    ("POST", "/v1/agreements/{agreement}/censuses"): Door(
        CENTRAL,
        lambda p: (f"/v1/agreements/{NOWHERE}/censuses", {"census": "c", "in_effect": "2026-01-01"}),
        free=True,
    ),
    ("POST", "/v1/census-proposals/{proposal}/approval"): Door(
        CENTRAL, lambda p: (f"/v1/census-proposals/{NOWHERE}/approval", {"digest": "0" * 64}), free=True
    ),
    ("POST", "/v1/agreements/{agreement}/tier-table-effect"): Door(
        CENTRAL, lambda p: (f"/v1/agreements/{NOWHERE}/tier-table-effect", {"tiers": [TIER]}), free=True
    ),
    ("POST", "/v1/agreements/{agreement}/tier-tables"): Door(
        CENTRAL,
        lambda p: (
            f"/v1/agreements/{NOWHERE}/tier-tables",
            {"number": "A", "tiers": [TIER], "in_effect": "2026-01-01"},
        ),
        free=True,
    ),
    ("POST", "/v1/tier-proposals/{proposal}/approval"): Door(
        CENTRAL, lambda p: (f"/v1/tier-proposals/{NOWHERE}/approval", {"digest": "0" * 64}), free=True
    ),
    ("GET", "/v1/agreements/{agreement}/succession-effect"): Door(
        CENTRAL, lambda p: (f"/v1/agreements/{NOWHERE}/succession-effect?successor={NOWHERE}", None), free=True
    ),
    ("POST", "/v1/agreements/{agreement}/successions"): Door(
        CENTRAL,
        lambda p: (f"/v1/agreements/{NOWHERE}/successions", {"successor": NOWHERE, "in_effect": "2026-01-01"}),
        free=True,
    ),
    ("POST", "/v1/succession-proposals/{proposal}/approval"): Door(
        CENTRAL, lambda p: (f"/v1/succession-proposals/{NOWHERE}/approval", {"digest": "0" * 64}), free=True
    ),
    ("POST", "/v1/keys-in-field"): Door(CENTRAL, lambda p: ("/v1/keys-in-field", {"csv": "x"}), free=True),
}
DEED = {"number": "1", "acts": ["licence"], "starts_on": "2026-01-01"}
FINDING = {"kind": "special_committee", "number": "1", "starts_on": "2026-01-01", "deed": "d", "scan_sha256": "0" * 64}
ENDING = {"ends_on": "2020-01-01", "reason": "r", "deed": "PV"}


def deed(p: Place) -> dict[str, Any]:
    """Of an office to itself: refused by whoever reads it."""
    return DEED | {"from_office": str(p.office), "to_office": str(p.office)}


DOORS |= {
    ("POST", "/v1/bodies/{code}/deed-scans"): Door(PROVINCIAL, lambda p: (f"/v1/bodies/{p.body}/deed-scans", b"x")),
    ("GET", "/v1/bodies/{code}/deed-scans/{sha256}"): Door(
        COMMUNE, lambda p: (f"/v1/bodies/{p.body}/deed-scans/{'0' * 64}", None)
    ),
    ("POST", "/v1/delegations/ceremonies"): Door(PROVINCIAL, lambda p: ("/v1/delegations/ceremonies", deed(p))),
    ("POST", "/v1/delegations/{delegation}/end"): Door(
        PROVINCIAL, lambda p: (f"/v1/delegations/{p.delegation}/end", ENDING)
    ),
    ("GET", "/v1/bodies/{code}/powers"): Door(COMMUNE, lambda p: (f"/v1/bodies/{p.body}/powers", None)),
    ("POST", "/v1/bodies/{code}/powers-declarations"): Door(
        CENTRAL, lambda p: (f"/v1/bodies/{p.body}/powers-declarations", {"complete_from": "2026-01-01"})
    ),
    ("GET", "/v1/bodies/{code}/entitlement"): Door(
        COMMUNE, lambda p: (f"/v1/bodies/{p.body}/entitlement?holder={p.holder}&act=licence", None)
    ),
    ("POST", "/v1/register-proposals/offices"): Door(
        PROVINCIAL, lambda p: ("/v1/register-proposals/offices", OFFICE | {"holder": str(p.holder), "body": p.body})
    ),
    ("POST", "/v1/register-proposals/office-ends"): Door(
        PROVINCIAL, lambda p: ("/v1/register-proposals/office-ends", ENDING | {"office": str(p.office)})
    ),
    ("POST", "/v1/register-proposals/delegations"): Door(
        PROVINCIAL, lambda p: ("/v1/register-proposals/delegations", deed(p) | {"scan_sha256": "0" * 64})
    ),
    ("POST", "/v1/register-proposals/delegation-ends"): Door(
        PROVINCIAL,
        lambda p: ("/v1/register-proposals/delegation-ends", ENDING | {"delegation": str(p.delegation)}),
    ),
    ("POST", "/v1/register-proposals/findings"): Door(
        PROVINCIAL, lambda p: ("/v1/register-proposals/findings", FINDING | {"body": p.body})
    ),
    ("GET", "/v1/register-proposals"): Door(COMMUNE, lambda p: (f"/v1/register-proposals?body={p.body}", None)),
    ("GET", "/v1/register-proposals/{proposal}"): Door(
        COMMUNE, lambda p: (f"/v1/register-proposals/{p.proposal}", None)
    ),
    ("POST", "/v1/register-proposals/{proposal}/confirmation"): Door(
        PROVINCIAL, lambda p: (f"/v1/register-proposals/{p.proposal}/confirmation", {"digest": "0" * 64})
    ),
    ("POST", "/v1/register-proposals/{proposal}/refusal"): Door(
        PROVINCIAL, lambda p: (f"/v1/register-proposals/{p.proposal}/refusal", {"reason": "r"})
    ),
    ("POST", "/v1/mailboxes"): Door(
        PROVINCIAL, lambda p: ("/v1/mailboxes", {"body": p.body, "function": "committee_member"})
    ),
    ("POST", "/v1/mailboxes/{mailbox}/address"): Door(
        PROVINCIAL, lambda p: (f"/v1/mailboxes/{p.mailbox}/address", {"address": "x@collectivite.ma"})
    ),
    ("POST", "/v1/mailboxes/{mailbox}/activation"): Door(
        PROVINCIAL, lambda p: (f"/v1/mailboxes/{p.mailbox}/activation", {"office": str(p.office)})
    ),
    ("POST", "/v1/mailboxes/{mailbox}/closing"): Door(
        PROVINCIAL, lambda p: (f"/v1/mailboxes/{p.mailbox}/closing", {"reason": "r"})
    ),
}
PLAN_OF_ELECTIONS = f"/v1/elections/{NOWHERE}"
DOORS |= {
    ("POST", "/v1/elections"): Door(CENTRAL, lambda p: ("/v1/elections", {"label": "x"}), free=True),
    ("GET", "/v1/elections"): Door(COMMUNE, lambda p: ("/v1/elections", None), free=True),
    ("GET", "/v1/elections/{plan}"): Door(COMMUNE, lambda p: (PLAN_OF_ELECTIONS, None), free=True),
    ("POST", "/v1/elections/{plan}/officials"): Door(
        CENTRAL, lambda p: (f"{PLAN_OF_ELECTIONS}/officials", b"x"), free=True
    ),
    ("GET", "/v1/elections/{plan}/preview"): Door(
        PROVINCIAL, lambda p: (f"{PLAN_OF_ELECTIONS}/preview?province={p.province}", None)
    ),
    ("POST", "/v1/elections/{plan}/freezes"): Door(
        PROVINCIAL, lambda p: (f"{PLAN_OF_ELECTIONS}/freezes", {"body": p.body, "ends_on": "2026-01-01", "deed": "d"})
    ),
    ("POST", "/v1/elections/{plan}/seatings"): Door(
        PROVINCIAL,
        lambda p: (f"{PLAN_OF_ELECTIONS}/seatings", {"body": p.body, "elected_on": "2026-01-01", "deed": "d"}),
    ),
    ("GET", "/v1/elections/{plan}/sheets"): Door(
        PROVINCIAL, lambda p: (f"{PLAN_OF_ELECTIONS}/sheets?body={p.body}", None)
    ),
    ("GET", "/v1/alerts"): Door(COMMUNE, lambda p: (f"/v1/alerts?body={p.body}", None)),
    ("GET", "/v1/alerts/{alert}"): Door(COMMUNE, lambda p: (f"/v1/alerts/{p.alert}", None)),
    ("POST", "/v1/alerts/{alert}/assignment"): Door(COMMUNE, lambda p: (f"/v1/alerts/{p.alert}/assignment", {})),
    ("POST", "/v1/alerts/{alert}/snooze"): Door(
        PROVINCIAL, lambda p: (f"/v1/alerts/{p.alert}/snooze", {"until": "2026-01-01", "reason": "r"})
    ),
    ("GET", "/v1/forecasts"): Door(COMMUNE, lambda p: ("/v1/forecasts?by=body", None), free=True),
    ("GET", "/v1/signatories"): Door(COMMUNE, lambda p: ("/v1/signatories", None), free=True),
    ("POST", "/v1/key-orders/{order}/replacement"): Door(
        PROVINCIAL, lambda p: (f"/v1/key-orders/{p.order}/replacement", {"why": "damaged"})
    ),
}
BATCH = {"supplier": "s", "note": "n", "manufacturer": "m", "model": "m", "announced": 1, "received_on": "2026-01-01"}
SENDING = {"receiver": FAR, "serials": ["X"], "on": "2026-01-01"}
STEP = {"step": "lose", "serials": ["X"], "on": "2026-01-01", "reason": "r"}
RECEIPT = {"receipt": "1", "received_by": "x", "on": "2020-01-01"}
DOORS |= {
    ("POST", "/v1/device-batches"): Door(
        CENTRAL, lambda p: ("/v1/device-batches", BATCH | {"serials": ["X1"]}), free=True
    ),
    ("GET", "/v1/device-batches"): Door(COMMUNE, lambda p: ("/v1/device-batches", None), free=True),
    ("GET", "/v1/devices"): Door(COMMUNE, lambda p: (f"/v1/devices?store={p.body}", None), free=True),
    ("GET", "/v1/devices.csv"): Door(COMMUNE, lambda p: ("/v1/devices.csv", None), free=True),
    ("GET", "/v1/devices/{serial}"): Door(COMMUNE, lambda p: ("/v1/devices/D0", None), free=True),
    ("GET", "/v1/devices/{serial}/chain.csv"): Door(COMMUNE, lambda p: ("/v1/devices/D0/chain.csv", None), free=True),
    ("GET", "/v1/device-stock"): Door(COMMUNE, lambda p: ("/v1/device-stock", None), free=True),
    ("GET", "/v1/device-stock.csv"): Door(COMMUNE, lambda p: ("/v1/device-stock.csv", None), free=True),
    ("GET", "/v1/unlisted-devices"): Door(COMMUNE, lambda p: ("/v1/unlisted-devices", None), free=True),
    ("POST", "/v1/device-steps"): Door(PROVINCIAL, lambda p: ("/v1/device-steps", STEP | {"store": p.body})),
    ("POST", "/v1/device-handovers"): Door(COMMUNE, lambda p: ("/v1/device-handovers", SENDING | {"sender": p.body})),
    ("GET", "/v1/device-handovers"): Door(COMMUNE, lambda p: ("/v1/device-handovers", None), free=True),
    ("GET", "/v1/device-handovers/{number}"): Door(COMMUNE, lambda p: (f"/v1/device-handovers/{p.handover}", None)),
    ("GET", "/v1/device-handovers/{number}/sheet"): Door(
        COMMUNE, lambda p: (f"/v1/device-handovers/{p.handover}/sheet", None)
    ),
    ("POST", "/v1/device-handovers/{number}/receipt"): Door(
        COMMUNE, lambda p: (f"/v1/device-handovers/{p.handover}/receipt", RECEIPT)
    ),
}
LISTS = (
    "/v1/allowances",
    "/v1/ledger",
    "/v1/balances",
    "/v1/extras",
    "/v1/people",
    "/v1/documents",
    "/v1/key-orders",
    "/v1/register-proposals",
    "/v1/alerts",
)


@pytest.fixture(scope="module")
def settled(
    founded: Path, keys: SoftwareKeys, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Place]]:
    """The five places with all that is in them, made once: each test has a copy."""
    settings = configured(tmp_path_factory.mktemp("country"))
    path = settings.data / "records.sqlite"
    shutil.copy(founded, path)
    house = build_house(settings, keyring=keys)
    without_fsync(house.records)
    places = settle(house)
    house.close()
    return path, places


@pytest.fixture
def records(settings: Settings, settled: tuple[Path, dict[str, Place]]) -> Iterator[Records]:
    shutil.copy(settled[0], settings.data / "records.sqlite")
    records = Records.open(settings.database)
    without_fsync(records)
    yield records
    records.close()


@pytest.fixture
def places(settled: tuple[Path, dict[str, Place]]) -> dict[str, Place]:
    return settled[1]


@pytest.fixture
def client(house: House) -> TestClient:
    return TestClient(served(house))


def officers_routes(app: Any) -> list[APIRoute]:
    nested = [router.original_router.routes for router in app.routes if hasattr(router, "original_router")]
    found = [route for routes in nested for route in routes if isinstance(route, APIRoute)]
    return [route for route in found if least(route) is not None]


def least(route: APIRoute) -> OfficerRole | None:
    return next((LEAST[each.call] for each in route.dependant.dependencies if each.call in LEAST), None)


def test_every_officers_door_has_its_row(house: House) -> None:
    doors = {(min(route.methods), route.path): least(route) for route in officers_routes(served(house))}
    assert len(doors) > 25
    assert doors == {key: door.least for key, door in DOORS.items()}


KINDS = {"/crl": "application/pkix-crl", "/deed-scans": "application/pdf"}
"""What doors take that take neither JSON nor CSV."""


def send(client: TestClient, method: str, asked: Asked, headers: dict[str, str]) -> tuple[int, str]:
    path, body = asked
    if isinstance(body, bytes):
        kind = next((kind for end, kind in KINDS.items() if path.endswith(end)), "text/csv")
        said = client.post(path, content=body, headers=headers | {"Content-Type": kind})
    else:
        said = client.request(method, path, json=body, headers=headers)
    plain = said.headers["content-type"].startswith(("text/csv", "application/pdf"))
    return said.status_code, "" if plain else said.json().get("code", "")


@pytest.mark.parametrize("role", list(OfficerRole))
def test_who_is_let_in_where(role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]) -> None:
    headers, wrong = token(house, role), []
    for (method, path), door in DOORS.items():
        # Whoever is below the door's level is refused by that alone: asked at home, and far away.
        asked = places if role.level >= door.least.level else {body: places[body] for body in (PLACES[0], PLACES[-1])}
        for body, place in asked.items():
            status, code = send(client, method, door.ask(place), headers)
            expected = role.level >= door.least.level and (door.free or body in REACH[role])
            if expected is (code == "not-permitted") or status in {401, 500}:
                wrong.append((path, body, status, code))
    assert wrong == []


def codes(client: TestClient, path: str, headers: dict[str, str]) -> set[str | None]:
    said = client.get(path, headers=headers)
    assert said.status_code == 200
    return {item["body"] for item in said.json()["items"]} & {*PLACES, None}


@pytest.mark.parametrize("role", list(OfficerRole))
def test_a_list_shows_exactly_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    for path in LISTS:
        shown = codes(client, path, headers) - {None}
        assert shown == REACH[role], path
        said = client.get(path, headers=headers).json()["items"]
        bodies = {item["body"] for item in said}
        if role is COMMUNE:
            assert bodies == {OWN}
        if role is PROVINCIAL:
            assert all(body.startswith("06.117") for body in bodies)
        if role is REGIONAL:
            assert all(body.startswith("06.") for body in bodies)
    ledger = client.get("/v1/ledger", headers=headers).json()["items"]
    assert any(item["body"] is None for item in ledger) is (role is CENTRAL)
    balances = client.get("/v1/balances", headers=headers).json()["items"]
    assert any(item["body"] is None for item in balances) is (role is CENTRAL)


@pytest.mark.parametrize("role", list(OfficerRole))
def test_transfers_with_a_side_in_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    items = client.get("/v1/transfers", headers=token(house, role)).json()["items"]
    expected = {str(place.transfer) for body, place in places.items() if body in REACH[role]}
    near = {str(place.near) for place in places.values()}  # the commune of the tests is a side of each
    assert {each["id"] for each in items} == expected | near


@pytest.mark.parametrize("role", list(OfficerRole))
def test_devices_of_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    named = {f"D{number}" for number, body in enumerate(PLACES) if body in REACH[role]}
    shown = client.get("/v1/devices", headers=headers).json()["items"]
    assert {each["store"] for each in shown} == REACH[role]
    assert {each["serial"] for each in shown} == named
    stocks = client.get("/v1/device-stock", headers=headers).json()
    assert {each["store"] for each in stocks["items"]} == REACH[role]
    assert stocks["total"] == stocks["states"]["in-transit"] == len(named)
    sent = client.get("/v1/device-handovers", headers=headers).json()["items"]
    assert {each["receiver"] for each in sent} == REACH[role]
    found = {f"D{n}" for n in range(5) if client.get(f"/v1/devices/D{n}", headers=headers).status_code == 200}
    assert found == named
    for path in ("devices", "device-stock"):
        assert len(client.get(f"/v1/{path}.csv", headers=headers).text.splitlines()) == 1 + len(named)
    assert len(client.get("/v1/device-batches", headers=headers).json()["items"]) == (5 if role is CENTRAL else 0)


@pytest.mark.parametrize("role", [CENTRAL, REGIONAL, PROVINCIAL])
def test_reports_committees_and_sessions_of_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    provinces = {body[:6] for body in REACH[role]}
    for path, name in (
        ("rollout-reports", "territory"),
        ("committees", "territory"),
        ("training-sessions", "province_code"),
    ):
        items = client.get(f"/v1/{path}", headers=headers).json()["items"]
        assert {each[name] for each in items} == provinces, path


@pytest.mark.parametrize("role", list(OfficerRole))
def test_stages_of_the_own_communes(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    items = client.get("/v1/stages", headers=headers).json()["items"]
    assert len(items) == {CENTRAL: 1503, REGIONAL: 153, PROVINCIAL: 22, COMMUNE: 1}[role]
    table = client.get("/v1/stages.csv", headers=headers).text.splitlines()[1:]
    assert {line.split(",")[0] for line in table} == {each["body"] for each in items}


@pytest.mark.parametrize("role", list(OfficerRole))
def test_forecasts_of_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    headers = token(house, role)
    said = client.get("/v1/forecasts?by=body", headers=headers).json()
    assert {each["code"] for each in said["items"] if each["code"] in PLACES} == REACH[role]
    assert said["total"]["available"] == sum(each["available"] for each in said["items"])
    parts = {by: client.get(f"/v1/forecasts?by={by}", headers=headers).json()["items"] for by in ("region", "province")}
    assert [len(parts["region"]), len(parts["province"])] == {
        CENTRAL: [2, len(parts["province"])],
        REGIONAL: [0, 9],
        PROVINCIAL: [0, 0],
        COMMUNE: [0, 0],
    }[role]


@pytest.mark.parametrize("role", list(OfficerRole))
def test_who_can_sign_in_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    found = client.get("/v1/signatories", headers=token(house, role)).json()["items"]
    councils = [each["body"] for province in found for each in province["unable"]]
    assert len(councils) == {CENTRAL: 1503 + 41, REGIONAL: 153 + 16, PROVINCIAL: 22, COMMUNE: 1}[role]
    assert {body for body in councils if body in PLACES} == REACH[role] - {"06.117"}  # a province has no council


def test_an_officer_counts_his_own_territory_only(house: House, client: TestClient, places: dict[str, Place]) -> None:
    counted = {
        role: tuple(client.get("/v1/territory", headers=token(house, role)).json().values()) for role in OfficerRole
    }
    assert counted == {
        CENTRAL: (12, 75, 1503, 41),
        REGIONAL: (1, 9, 153, 16),
        PROVINCIAL: (0, 1, 22, 0),
        COMMUNE: (0, 0, 1, 0),
    }


@pytest.mark.parametrize("role", list(OfficerRole))
def test_the_dashboard_counts_the_own_territory(
    role: OfficerRole, house: House, client: TestClient, places: dict[str, Place]
) -> None:
    said = client.get("/v1/dashboard", headers=token(house, role)).json()
    assert said["total"]["communes"] == {CENTRAL: 1503, REGIONAL: 153, PROVINCIAL: 22, COMMUNE: 1}[role]
    assert sum(each["communes"] for each in said["provinces"]) == said["total"]["communes"]
    assert len(said["provinces"]) == {CENTRAL: 75, REGIONAL: 9, PROVINCIAL: 1, COMMUNE: 1}[role]
    assert bool(said["purchases"]) is (role is CENTRAL)


def test_an_order_paid_elsewhere_shows_no_row_of_the_payer(
    house: House, client: TestClient, places: dict[str, Place]
) -> None:
    """The province pays for the commune's second person: the commune sees the order, not the province's seats."""
    records, at = house.records, now()
    holder = enrol_holder(records, house.protection, name_ar="أ", name_latin="B", cin="ZZ9", by=BY, at=at)
    seat: dict[str, Any] = {"function": OfficeFunction.SECRETARY, "starts_on": date(2021, 1, 1), "deed": "PV"}
    office = record_office(records, holder=holder, body_code=OWN, by=BY, at=at, **seat)
    order = request_key(records, holder=holder, office=office, payer_body_code="06.117", by=BY, at=at).id
    headers = token(house, COMMUNE)
    assert client.get(f"/v1/key-orders/{order}", headers=headers).status_code == 200
    assert client.get(f"/v1/ledger?order={order}", headers=headers).json() == {"items": []}
    assert len(client.get(f"/v1/ledger?order={order}", headers=token(house, PROVINCIAL)).json()["items"]) == 2


def test_an_officer_of_a_commune_sees_no_national_id(
    house: House, client: TestClient, places: dict[str, Place]
) -> None:
    place, records, at = places[OWN], house.records, now()
    order, himself = OrderId(place.order), Actor(kind=ActorKind.HOLDER, id=str(HolderId(place.holder)))
    claimed = DeviceClaim(label="x", serial="1", model="m")
    prepared = submit_requests(
        records,
        house.issuance,
        house.protection,
        order=order,
        signature_csr=csr(),
        authentication_csr=csr(),
        device=claimed,
        by=himself,
        at=at,
    )
    other = Actor(kind=ActorKind.OFFICER, id=NOWHERE)
    approve_issuance(records, order=order, digest=prepared.digest, by=other, at=at)
    issue_certificates(records, house.issuance, order=order, by=BY, at=at)
    path = f"/v1/key-orders/{order}"
    above = client.get(path, headers=token(house, PROVINCIAL)).json()
    assert named(above["certificates"][0]["pem"])
    headers = token(house, COMMUNE)
    seen = client.get(path, headers=headers).json()
    assert [each["pem"] for each in seen["certificates"]] == [None, None]
    assert seen["issuance"] is None
    everything = [client.get(each, headers=headers).json() for each in (path, *LISTS)]
    said = json.dumps(everything)
    assert "cin" not in said.lower()
    assert CIN not in said
    assert house.protection.masked(f"{CIN}0") not in said


def named(pem: str) -> bool:
    from cryptography import x509

    return CIN in x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()


def test_the_five_places_are_what_they_are_said_to_be() -> None:
    assert {role for role, reach in REACH.items() if reach == set(PLACES)} == {CENTRAL}
    assert set(TERRITORY) == set(OfficerRole)
