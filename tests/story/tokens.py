"""A president with a virtual USB token, his PC with a screen, and licences that wait for him."""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.cli.demo.cast import Person
from api.cli.demo.stage import PROGRAMS, Workplace
from api.cli.demo.story import World, _accept, _trust_outside_ca
from tests.hsm.prepared.authority import Authority
from tests.rig.card.keys import Algorithm, PublicKey
from tests.rig.card.personalising import Slot
from tests.rig.estates.holder import PIN, Token, hand_over, issue_by, station, wait_for
from tests.rig.estates.pcsc import Estate
from tests.rig.screen import Screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A president at his desk."""

    world: World
    estate: Estate
    person: Person
    token: Token
    workplace: Workplace

    def open_ceremony(self, references: list[str]) -> Any:
        """The platform asks for signatures."""
        asked = {"signer": self.world.holders[self.person.key], "documents": references}
        return self.world.platform.post("/v1/ceremonies", asked)

    def kept(self, ceremony: str) -> int:
        """How many of a ceremony's values the service has."""
        items = self.world.platform.get(f"/v1/ceremonies/{ceremony}")["items"]
        return sum(item["state"] in {"kept", "signed"} for item in items)

    def show(self, screen: Screen, address: str | None) -> subprocess.Popen[bytes]:
        """Start the agent's window on that screen, as the desktop would."""
        command = [str(PROGRAMS / "khatam-agent"), "open", *([] if address is None else [address])]
        command += ["--config", str(self.workplace.config)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.workplace.folder), "LANG": "C.UTF-8"}
        environment |= dict(screen.environment)
        with (self.workplace.folder / "window.log").open("ab") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def take_office(world: World, estate: Estate, person: Person, slots: dict[Slot, Algorithm], *, language: str) -> Office:
    """Enrol the person, hand him a token of another authority (a key already held), have him accept it."""
    if not world.outside_issuer:
        _trust_outside_ca(world)
    world.enrol(person)
    world.declare(person.body)
    logins = issue_by(Authority.make("TEST logins"), person.name_latin)

    def issue(key: PublicKey, slot: Slot) -> bytes:
        if slot is Slot.AUTHENTICATION:
            return logins(key, slot)
        issued = world.outside_ca.issue(key, name=person.name_latin, cin=person.cin)
        return issued.public_bytes(Encoding.DER)

    token = hand_over(estate, person.key, slots, issue)
    token.card.plug()
    with station(estate) as driver:
        wait_for(driver, token)
    workplace = world.workplaces[person.key] = _workplace(world, estate, person, language)
    signature = next(der for slot, der in token.certificates.items() if slot is not Slot.AUTHENTICATION)
    pem = x509.load_der_x509_certificate(signature).public_bytes(Encoding.PEM).decode()
    asked = {"holder": world.holders[person.key], "office": world.offices[person.key], "paid_by": "Commune"}
    order = world.officer.post("/v1/key-registrations", {**asked, "certificate_pem": pem})
    world.orders[person.key] = order["id"]
    _accept(world, person, expected_state="active")
    return Office(world=world, estate=estate, person=person, token=token, workplace=workplace)


def _workplace(world: World, estate: Estate, person: Person, language: str) -> Workplace:
    folder = world.stage.folder / "workplaces" / person.key
    folder.mkdir(parents=True, mode=0o700)
    pin_file = folder / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(PIN, encoding="utf-8")
    config = folder / "agent.toml"
    given = {
        "server": world.stage.url,
        "environment": "rehearsal",
        "manifest_anchor": str(world.stage.data / "agents" / "manifest-anchor.pem"),
        "modules": [str(estate.module)],
        "spool": str(folder / "spool"),
        "requester": "Rokhas.ma",
        "language": language,
        "help_phone": "05 22 00 00 00",
        # Only the acceptance of the key, which nobody types for, needs it.
        "held_pin_policy": "TEST: rehearsal of an acceptance",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items()]
    lines += ["[module_environment]", *(f"{name} = {json.dumps(value)}" for name, value in estate.environment.items())]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Workplace(folder=folder, label=person.key, softhsm_conf=folder, pin_file=pin_file, config=config)


def forget_policy(office: Office) -> None:
    """From now on no policy allows to hold a PIN, and none lies in a file."""
    config = office.workplace.config
    kept = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("held_pin")]
    config.write_text("\n".join(kept) + "\n", encoding="utf-8")
    office.workplace.pin_file.unlink()


def draw_up(office: Office, count: int) -> list[str]:
    """Licences for works that no committee studies, unsigned: their references."""
    world, person = office.world, office.person

    def one(number: int) -> str:
        asked = {"platform_reference": f"{person.key}-{number}", "body": person.body, "kind": "refection"}
        asked |= {"track": "refection", "title": f"Ravalement de façade, rue Ibn Sina, n° {number + 1}"}
        opened = world.platform.post("/v1/dossiers", {**asked, "applicant": "F. B.", "parcel": f"TF {number + 1}/53"})
        decision = {"kind": "licence", "signer": world.holders[person.key]}
        return str(world.platform.post(f"/v1/dossiers/{opened['id']}/decision", decision)["reference"])

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, range(count)))
