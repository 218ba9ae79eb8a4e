"""Chapters one to four: territory and quota, authority, keys, and one dossier up to its licence."""

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from . import cast
from .acts import ActWrong, Playbill, together
from .cast import Person
from .clients import Client
from .outside import HeldKey, OutsideCa
from .stage import Stage, Workplace, start_agent

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


@dataclass(slots=True)
class World:
    """Everything the chapters share."""

    stage: Stage
    bill: Playbill
    officer: Client
    second_officer: Client
    platform: Client
    public: Client
    holders: dict[str, str] = field(default_factory=dict)
    offices: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    workplaces: dict[str, Workplace] = field(default_factory=dict)
    held: dict[str, HeldKey] = field(default_factory=dict)
    outside_ca: OutsideCa = field(default_factory=lambda: OutsideCa("Barid rehearsal double TEST CA"))
    outside_issuer: str = ""
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def keep(self, name: str, content: bytes, file_name: str) -> Path:
        """Keep a file of the story in its folder, named in `story.json`."""
        path = self.stage.folder / "files" / file_name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        self.bill.files[name] = str(path.relative_to(self.stage.folder))
        return path

    def enrol(self, person: Person, *, since: str = cast.MANDATE_BEGAN) -> None:
        """Register a person and his dated office. A day that is past: before the register is declared complete."""
        names = {"name_ar": person.name_ar, "name_latin": person.name_latin}
        holder = self.officer.post("/v1/holders", {**names, "cin": person.cin})
        self.holders[person.key] = holder["id"]
        office = {"holder": holder["id"], "body": person.body, "function": person.function}
        recorded = self.officer.post("/v1/offices", {**office, "starts_on": since, "deed": f"PV {since}"})
        self.offices[person.key] = recorded["id"]

    def declare(self, code: str, *, since: str = cast.MANDATE_BEGAN) -> None:
        """Declare that no office of the body is missing since then: a day that is past takes two officers."""
        asked = {"declared": "offices", "body": code, "complete_from": since}
        proposal = self.officer.post("/v1/register-proposals/declarations", asked)
        seen = {"digest": proposal["digest"]}
        self.second_officer.post(f"/v1/register-proposals/{proposal['id']}/confirmation", seen)

    def order(self, person: Person, payer: str) -> Any:
        """Ask for a key on `payer`'s allowance."""
        asked = {"holder": self.holders[person.key], "office": self.offices[person.key], "payer": payer}
        return self.officer.post("/v1/key-orders", asked)

    def sign(self, person: Person, references: list[str]) -> Any:
        """One ceremony: opened by the platform, signed by the person's own agent."""
        opened = self.platform.post("/v1/ceremonies", {"signer": self.holders[person.key], "documents": references})
        self.finish(start_agent(self.workplaces[person.key], "sign", opened["agent_url"], "--unattended"))
        return self.signed(opened["id"])

    def signed(self, ceremony: str) -> Any:
        """Wait until every item of a ceremony is signed."""
        deadline = time.monotonic() + 30
        while True:
            status = self.platform.get(f"/v1/ceremonies/{ceremony}")
            if status["state"] == "completed":
                return status
            if time.monotonic() > deadline or status["state"] not in {"open", "redeemed"}:
                raise ActWrong(f"the ceremony is {status['state']}: {json.dumps(status['items'])}")
            time.sleep(0.1)

    def finish(self, agent: subprocess.Popen[str]) -> Any:
        """Wait for an agent; its JSON report."""
        try:
            said, _ = agent.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            agent.kill()
            raise ActWrong("an agent did not end in 90 s") from None
        if agent.returncode:
            raise ActWrong(f"an agent ended with {agent.returncode}: {said.strip()[-400:]}")
        return json.loads(said.splitlines()[-1]) if said.strip() else {}

    def publish_outside_list(self) -> None:
        """The other authority publishes its next list, and the service is given it (times are whole seconds)."""
        time.sleep(1)
        list_der = self.outside_ca.crl().public_bytes(Encoding.DER)
        self.officer.post_bytes(f"/v1/issuers/{self.outside_issuer}/crl", list_der, "application/pkix-crl")

    def settled(self, reference: str, level: str = "B-LT") -> bytes:
        """The bytes of a document once each of its signatures has reached `level`."""
        enough = LEVELS[LEVELS.index(level) :]
        deadline = time.monotonic() + 30
        while True:
            content = self.platform.content(f"/v1/documents/{reference}/content")
            answer = self.public.post_bytes("/v1/verifications", content)
            levels = [signature["level"] for signature in answer["signatures"]]
            if levels and all(each in enough for each in levels):
                return content
            if time.monotonic() > deadline:
                raise ActWrong(f"{reference} stays at {levels}")
            time.sleep(0.2)


def territory_and_quota(world: World) -> None:
    """Chapter 1."""
    bill = world.bill
    bill.open_chapter(1, "Territory, agreement, first wave")
    with bill.act("territory loaded: communes, provinces, regions") as act:
        found = world.officer.get("/v1/territory")
        bill.expect("the territory", found, {"regions": 12, "provinces": 75, "communes": 1503, "arrondissements": 41})
        act.detail = "1,503 communes, 75 provinces, 12 regions"
    with bill.act("agreement signed, with its dated tier table"):
        agreement: dict[str, object] = {
            "supplier": "Barid Al-Maghrib (rehearsal)",
            "number": "2026/01",
            "census": "RGPH 2024",
        }
        agreement |= {"purchases": 6000, "in_effect_from": "2026-01-01"}
        signed = world.officer.post("/v1/agreements", {**agreement, "tiers": list(cast.TIERS)})
    with bill.act("first wave opened: five regions") as act:
        wave = {"agreement": signed["id"], "label": "first", "region_codes": list(cast.FIRST_WAVE)}
        opened = world.officer.post("/v1/waves", {**wave, "opens_on": "2026-01-01"})
        bill.expect("communes", opened["communes"], 799)
        bill.expect("seats of communes", opened["commune_seats"], 2674)
        bill.expect("seats of provinces", opened["province_seats"], 3 * opened["provinces"])
        act.detail = f"799 communes, 2,674 seats; {opened['provinces']} provinces, 3 seats each"
    with bill.act("no seat elsewhere"):
        granted = world.officer.get("/v1/allowances")["items"]
        bill.expect("bodies with an allowance", len(granted), 799 + opened["provinces"])
        bill.expect("Oujda's allowance", world.officer.get("/v1/allowances", body=cast.COMMUNE_NOT_OPEN)["items"], [])


def authority_and_people(world: World) -> None:
    """Chapter 2."""
    bill = world.bill
    bill.open_chapter(2, "Authority and people")
    with bill.act("the authority's certificates: root, issuing, OCSP, TSA, manifest, seal") as act:
        trust = world.public.content("/v1/trust")
        path = world.keep("trust", trust, "trust.pem")
        anchors = x509.load_pem_x509_certificates(path.read_bytes())
        if not all("TEST" in anchor.subject.rfc4514_string() for anchor in anchors):
            raise ActWrong("an anchor of a rehearsal is not marked TEST")
        act.detail = "; ".join(anchor.subject.rfc4514_string() for anchor in anchors)
    with bill.act("an urban agency recorded as a body"):
        names = {"name_fr": "Agence urbaine de Berrechid", "name_ar": "الوكالة الحضرية لبرشيد"}
        agency = {"code": cast.AGENCY, "kind": "urban_agency", "province_code": cast.PROVINCE}
        world.officer.post("/v1/bodies", {**agency, **names})
    with bill.act("four people enrolled with their dated offices"):
        for person in (cast.PRESIDENT, cast.COMMUNAL_MEMBER, cast.PROVINCIAL_MEMBER, cast.AGENCY_MEMBER):
            world.enrol(person)
    with bill.act("and those of the cases to come"):
        for person in (cast.ENDED_PRESIDENT, cast.OUJDA_PRESIDENT, *cast.SPARE_MEMBERS):
            world.enrol(person)
    with bill.act("registers declared complete where they are, by two officers"):
        for code in (cast.COMMUNE, cast.PROVINCE, cast.AGENCY, cast.COMMUNE_OF_THE_ENDED_OFFICE):
            world.declare(code)


def keys(world: World) -> None:
    """Chapter 3."""
    bill = world.bill
    bill.open_chapter(3, "Keys")
    _trust_outside_ca(world)
    together(
        lambda: _self_made_key(world, cast.PRESIDENT, cast.COMMUNE, try_self_approval=True),
        lambda: _self_made_key(world, cast.COMMUNAL_MEMBER, cast.COMMUNE, try_self_approval=False),
        lambda: _self_made_key(world, cast.PROVINCIAL_MEMBER, cast.PROVINCE, try_self_approval=False),
        lambda: _already_held_key(world, cast.AGENCY_MEMBER),
        lambda: _already_held_key(world, cast.ENDED_PRESIDENT),
    )
    with bill.act("the province's two other seats reserved"):
        for person in cast.SPARE_MEMBERS[:2]:
            world.order(person, cast.PROVINCE)
    beyond, not_open = cast.SPARE_MEMBERS[2], cast.OUJDA_PRESIDENT
    bill.refused("an order beyond the allowance", "allowance-exhausted", lambda: world.order(beyond, cast.PROVINCE))
    bill.refused(
        "an order where no wave is open", "wave-not-open", lambda: world.order(not_open, cast.COMMUNE_NOT_OPEN)
    )
    with bill.act("the ledger explains every seat of the commune and of the province") as act:
        told = []
        for code, live, reserved in ((cast.COMMUNE, 2, 0), (cast.PROVINCE, 1, 2)):
            allowance = world.officer.get("/v1/allowances", body=code)["items"][0]
            bill.expect(f"{code} live", allowance["live"], live)
            bill.expect(f"{code} reserved", allowance["reserved"], reserved)
            entries = world.officer.get("/v1/ledger", body=code)["items"]
            balances: dict[str, int] = {}
            for entry in entries:
                if entry["book"] == "seat" and entry["body"] == code:
                    balances[entry["account"]] = balances.get(entry["account"], 0) + entry["change"]
            bill.expect(f"{code} live by its entries", balances.get("live", 0), live)
            bill.expect(f"{code} reserved by its entries", balances.get("reserved", 0), reserved)
            bill.ledger += entries
            told.append(f"{allowance['name_fr']}: {allowance['granted']} seats, {live} live, {reserved} reserved")
        act.detail = "; ".join(told)


def _self_made_key(world: World, person: Person, payer: str, *, try_self_approval: bool) -> None:
    bill = world.bill
    with bill.act(f"{person.name_latin}: seat reserved on {payer}"):
        order = world.order(person, payer)
        world.orders[person.key] = order["id"]
        world.workplaces[person.key] = world.stage.workplace(person.key)
    with bill.act(f"{person.name_latin}: two key pairs made in his own device, requests sent with proof of possession"):
        ticket = world.officer.post(f"/v1/key-orders/{order['id']}/ticket")["ticket"]
        agent = start_agent(world.workplaces[person.key], "enrol", ticket, "--device", person.key)
        issuance = _await_issuance(world, order["id"], agent)
    approval = f"/v1/key-orders/{order['id']}/approval"
    if try_self_approval:
        bill.refused(
            "approving one's own request",
            "self-approval",
            lambda: world.officer.post(approval, {"digest": issuance["digest"]}),
        )
    with bill.act(
        f"{person.name_latin}: approved by a second officer over the digest, issued, written, read back"
    ) as act:
        world.second_officer.post(approval, {"digest": issuance["digest"]})
        world.finish(agent)
        act.detail = f"digest {issuance['digest'][:16]}…"
    _accept(world, person, expected_state="active")


def _await_issuance(world: World, order: str, agent: subprocess.Popen[str]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = world.officer.get(f"/v1/key-orders/{order}")
        if found["issuance"] is not None:
            return found["issuance"]
        if agent.poll() is not None:
            world.finish(agent)
            raise ActWrong("the agent ended before it sent its requests")
        time.sleep(0.1)
    agent.kill()
    raise ActWrong("no certificate request came in 60 s")


def _trust_outside_ca(world: World) -> None:
    with world.bill.act("another authority put on the trust list, its CRL a configured source"):
        ca = world.outside_ca
        issuer = {"name": "Barid rehearsal double", "certificate_pem": ca.pem(), "root_pem": ca.pem()}
        asked = {**issuer, "crl_pem": ca.crl().public_bytes(Encoding.PEM).decode()}
        world.outside_issuer = world.officer.post("/v1/issuers", asked)["id"]
        world.keep("trust", world.public.content("/v1/trust"), "trust.pem")


def _already_held_key(world: World, person: Person) -> None:
    bill = world.bill
    with bill.act(f"{person.name_latin}: a key already held is registered; it draws on nobody's seats"):
        workplace = world.workplaces[person.key] = world.stage.workplace(person.key)
        held = world.held[person.key] = world.outside_ca.equip(workplace, name=person.name_latin, cin=person.cin)
        asked = {
            "holder": world.holders[person.key],
            "office": world.offices[person.key],
            "paid_by": person.body,
        }
        pem = held.certificate.public_bytes(Encoding.PEM).decode()
        order = world.officer.post("/v1/key-registrations", {**asked, "certificate_pem": pem})
        world.orders[person.key] = order["id"]
        bill.expect("seats drawn", world.officer.get("/v1/ledger", order=order["id"])["items"], [])
    _accept(world, person, expected_state="active")


def _accept(world: World, person: Person, *, expected_state: str) -> None:
    with world.bill.act(f"{person.name_latin}: key accepted by its holder, who signs for it"):
        opened = world.officer.post(f"/v1/key-orders/{world.orders[person.key]}/acceptance")
        world.finish(start_agent(world.workplaces[person.key], "sign", opened["agent_url"], "--unattended"))
        state = _until_state(world, world.orders[person.key], expected_state)
        world.bill.expect("the order", state, expected_state)


def _until_state(world: World, order: str, expected: str) -> str:
    deadline = time.monotonic() + 20
    while True:
        state = str(world.officer.get(f"/v1/key-orders/{order}")["state"])
        if state == expected or time.monotonic() > deadline:
            return state
        time.sleep(0.1)
