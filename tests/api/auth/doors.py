"""Every door of an officer: the least level that it needs, and a well-formed request of it for a place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from api.auth.tables import OfficerRole
from tests.api.auth.country import FAR, Place

CENTRAL, REGIONAL, PROVINCIAL, COMMUNE = OfficerRole
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
    ("GET", "/v1/agreements"): Door(CENTRAL, lambda p: ("/v1/agreements", None), free=True),
    ("GET", "/v1/agreements/{agreement}"): Door(CENTRAL, lambda p: (f"/v1/agreements/{NOWHERE}", None), free=True),
    ("GET", "/v1/agreements/{agreement}/tier-table"): Door(
        COMMUNE, lambda p: (f"/v1/agreements/{NOWHERE}/tier-table", None), free=True
    ),
    ("GET", "/v1/agreements/{agreement}/proposals"): Door(
        CENTRAL, lambda p: (f"/v1/agreements/{NOWHERE}/proposals", None), free=True
    ),
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
    ("POST", "/v1/key-orders/{order}/cancellation"): Door(
        COMMUNE, lambda p: (f"/v1/key-orders/{p.order}/cancellation", {"reason": "r"})
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
    ("GET", "/v1/bodies/{code}/declarations"): Door(COMMUNE, lambda p: (f"/v1/bodies/{p.body}/declarations", None)),
    ("POST", "/v1/register-proposals/declarations"): Door(
        CENTRAL,
        lambda p: (
            "/v1/register-proposals/declarations",
            {"declared": "offices", "body": p.body, "complete_from": "2026-01-01"},
        ),
    ),
    ("POST", "/v1/register-proposals/declaration-withdrawals"): Door(
        CENTRAL,
        lambda _: (
            "/v1/register-proposals/declaration-withdrawals",
            {"declared": "offices", "declaration": NOWHERE, "reason": "r"},
        ),
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
DOORS |= {
    ("GET", "/v1/holders"): Door(PROVINCIAL, lambda p: (f"/v1/holders?body={p.body}", None)),
    ("GET", "/v1/holders/{holder}"): Door(PROVINCIAL, lambda p: (f"/v1/holders/{p.holder}", None)),
    ("POST", "/v1/holders/{holder}/national-id-looks"): Door(
        PROVINCIAL, lambda p: (f"/v1/holders/{p.holder}/national-id-looks", {"reason": "r"})
    ),
    ("POST", "/v1/holders/{holder}/contacts"): Door(
        PROVINCIAL, lambda p: (f"/v1/holders/{p.holder}/contacts", {"phone": "0612345678", "reason": "r"})
    ),
    ("GET", "/v1/mailboxes"): Door(COMMUNE, lambda p: (f"/v1/mailboxes?body={p.body}", None)),
    ("GET", "/v1/mailboxes/{mailbox}"): Door(COMMUNE, lambda p: (f"/v1/mailboxes/{p.mailbox}", None)),
    ("GET", "/v1/bodies/{code}/offices"): Door(COMMUNE, lambda p: (f"/v1/bodies/{p.body}/offices", None)),
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
