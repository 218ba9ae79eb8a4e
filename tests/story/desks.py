"""Signers' PCs with the real agent, their devices in memory; two members of a committee at theirs."""

import dataclasses
import uuid
from pathlib import Path

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.demo import cast
from api.cli.demo.story import World, _until_state
from hsm.agent.config import AgentConfig
from hsm.agent.errors import AgentCode
from hsm.agent.holder.enrolling import Enrolling
from hsm.agent.report import SigningReport
from hsm.agent.service.addresses import Ticket, read_url
from hsm.agent.signing.ceremony import Signing, Surroundings
from hsm.agent.unattended import Unattended
from hsm.software import SoftwareKey
from tests.hsm.agent.estate import FixedPins, MemoryDevices
from tests.story.callers import today


@dataclasses.dataclass(slots=True)
class Desk:
    """A signer's PC: the real agent, its device in memory."""

    world: World
    person: cast.Person
    config: AgentConfig
    devices: MemoryDevices

    def around(self, transport: httpx2.BaseTransport | None = None) -> Surroundings:
        return Surroundings(
            devices=lambda: self.devices,
            consent=Unattended(),
            pins=FixedPins(),
            transport=transport,
            pause=lambda _: None,
        )

    @property
    def holder(self) -> str:
        return self.world.holders[self.person.key]

    def sign(self, agent_url: str, transport: httpx2.BaseTransport | None = None) -> SigningReport:
        return Signing(self.config, read_url(agent_url), self.around(transport)).run()

    def opened(self, *references: str) -> dict[str, str]:
        asked = {"signer": self.holder, "documents": list(references)}
        opened: dict[str, str] = self.world.platform.post("/v1/ceremonies", asked)
        return opened

    def key(self) -> SoftwareKey:
        """The signature key."""
        certificate = next(each for each in self.devices.certificates if each.der == self.certificate)
        return self.devices.keys[certificate.key_id]

    @property
    def certificate(self) -> bytes:
        order = self.world.officer.get(f"/v1/key-orders/{self.world.orders[self.person.key]}")
        pem = next(each["pem"] for each in order["certificates"] if each["purpose"] == "signature")
        return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def anchor(world: World) -> x509.Certificate:
    return x509.load_pem_x509_certificate((world.stage.data / "agents" / "manifest-anchor.pem").read_bytes())


def enrolled(world: World, person: cast.Person, payer: str, folder: Path) -> Desk:
    """The person with an active key in a device in memory, by the road of everybody."""
    world.enrol(person, since=today())
    order = world.orders[person.key] = world.order(person, payer)["id"]
    config = AgentConfig(
        server=world.stage.url,
        environment="rehearsal",
        manifest_anchor=world.stage.data / "agents" / "manifest-anchor.pem",
        modules=(folder / "none.so",),
        spool=folder / f"spool-{person.key}",
    )
    desk = Desk(world, person, config, MemoryDevices(label=person.key))
    ticket = Ticket(world.officer.post(f"/v1/key-orders/{order}/ticket")["ticket"])
    first = Enrolling(config, ticket, desk.around(), device=person.key, wait_seconds=0).run()
    assert first.error is not None
    assert first.error.code is AgentCode.APPROVAL
    world.second_officer.post(f"/v1/key-orders/{order}/approval", {"digest": first.digest})
    assert Enrolling(config, ticket, desk.around(), device=person.key, wait_seconds=20).run().error is None
    opened = world.officer.post(f"/v1/key-orders/{order}/acceptance")
    assert desk.sign(opened["agent_url"]).error is None
    assert _until_state(world, order, "active") == "active"
    return desk


@dataclasses.dataclass(frozen=True, slots=True)
class Committee:
    """Two members with keys, and dossiers whose file they read: two for single tests, one for the minutes."""

    commune: Desk
    province: Desk
    dossiers: tuple[str, str, str]
    opinions: tuple[str, str, str]
    """The communal member's, one in each dossier, unsigned."""


def opinion(desk: Desk, path: str, body: str, read: str) -> str:
    given = {"holder": desk.holder, "body": body, "opinion": "favourable", "text": "Conforme.", "read": [read]}
    return str(desk.world.platform.post(f"{path}/opinions", given)["reference"])


def drafted(committee: Committee) -> str:
    """The provincial member's opinion in the first dossier, drafted anew."""
    desk, path = committee.province, committee.dossiers[0]
    read = desk.world.platform.get(path)["files"][0]["sha256"]
    return opinion(desk, path, cast.PROVINCE, read)


def opened_dossier(world: World) -> tuple[str, str]:
    """A dossier with one file: its path, and the file's digest."""
    from signer.rendering.facts import ApplicationFacts
    from signer.rendering.render import render

    asked = {"platform_reference": str(uuid.uuid4()), "body": cast.COMMUNE, "kind": "construire", "track": "small"}
    opened = world.platform.post("/v1/dossiers", asked | {"title": "Villa", "applicant": "M. A.", "parcel": "TF 2"})
    path = f"/v1/dossiers/{opened['id']}"
    application = render(ApplicationFacts.sample()).content
    return path, world.platform.post_bytes(f"{path}/files", application, title="Demande")["sha256"]


def seat_committee(world: World, folder: Path) -> Committee:
    agency = {"code": cast.AGENCY, "kind": "urban_agency", "province_code": cast.PROVINCE}
    world.officer.post("/v1/bodies", agency | {"name_fr": "Agence urbaine", "name_ar": "الوكالة الحضرية"})
    commune = enrolled(world, cast.COMMUNAL_MEMBER, cast.COMMUNE, folder)
    province = enrolled(world, cast.PROVINCIAL_MEMBER, cast.PROVINCE, folder)
    paths, opinions = [], []
    for _ in range(3):
        path, read = opened_dossier(world)
        paths.append(path)
        opinions.append(opinion(commune, path, cast.COMMUNE, read))
    return Committee(commune, province, (paths[0], paths[1], paths[2]), (opinions[0], opinions[1], opinions[2]))
