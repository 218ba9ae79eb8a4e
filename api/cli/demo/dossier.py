"""Chapter four: one dossier, its opinions, minutes and licence."""

from functools import partial
from pathlib import Path
from typing import Any

from . import cast
from .acts import together
from .cast import Person
from .story import World

MEMBERS = (
    (cast.COMMUNAL_MEMBER, cast.COMMUNE, "Alignement et servitudes respectés."),
    (cast.PROVINCIAL_MEMBER, cast.PROVINCE, "Aucune observation."),
    (cast.AGENCY_MEMBER, cast.AGENCY, "Conforme au plan d'aménagement ; hauteur limitée à R+2."),
)


def dossier(world: World, own_licence: Path | None) -> None:
    """Play the chapter; leaves the documents in `world.documents`."""
    bill = world.bill
    bill.open_chapter(4, "One dossier, from its application to its licence")
    opened, application = _open(world)
    path = f"/v1/dossiers/{opened['id']}"
    together(*(partial(_opinion, world, path, member, application["sha256"]) for member in MEMBERS[:2]))
    bill.refused(
        "minutes before the urban agency's opinion",
        "opinions-missing",
        lambda: world.platform.post(f"{path}/minutes"),
    )
    bill.refused(
        "signing the licence before the urban agency's binding opinion",
        "binding-opinion-missing",
        lambda: _licence(world, path, own_licence),
    )
    _opinion(world, path, MEMBERS[2], application["sha256"])
    _minutes(world, path)
    _sign_licences(world, path, own_licence)


def _open(world: World) -> tuple[Any, Any]:
    from signer.rendering.facts import ApplicationFacts
    from signer.rendering.render import render

    with world.bill.act("dossier opened by the platform, with its application PDF") as act:
        asked = {"platform_reference": "ROKHAS-2026-0042", "body": cast.COMMUNE, "kind": "construire", "track": "small"}
        asked |= {"title": "Villa R+1, lotissement Al Amal, lot 42", "applicant": "M. A.", "parcel": "TF 12345/53"}
        opened = world.platform.post("/v1/dossiers", asked)
        facts = ApplicationFacts.sample()
        application = render(facts).content
        world.keep("application", application, "application.pdf")
        kept = world.platform.post_bytes(f"/v1/dossiers/{opened['id']}/files", application, title="Demande")
        act.detail = f"{opened['reference']}: opinions required of " + ", ".join(
            each["body"] for each in opened["required"]
        )
    return opened, kept


def _opinion(world: World, path: str, member: tuple[Person, str, str], read: str) -> None:
    person, body, text = member
    with world.bill.act(f"opinion of {person.name_latin}: rendered, signed in his own device") as act:
        given = {"holder": world.holders[person.key], "body": body, "opinion": "favourable", "text": text}
        document = world.platform.post(f"{path}/opinions", {**given, "read": [read]})
        world.documents[f"opinion-{person.key}"] = document
        world.sign(person, [document["reference"]])
        act.detail = document["reference"]


def _minutes(world: World, path: str) -> None:
    with world.bill.act("minutes drawn up, one state per member") as act:
        minutes = world.documents["minutes"] = world.platform.post(f"{path}/minutes")
        act.detail = minutes["reference"]
    for person, _, _ in MEMBERS:
        with world.bill.act(f"minutes counter-signed by {person.name_latin}"):
            world.sign(person, [minutes["reference"]])


def _licence(world: World, path: str, own_licence: Path | None) -> Any:
    signer = world.holders[cast.PRESIDENT.key]
    if own_licence is None:
        return world.platform.post(f"{path}/decision", {"kind": "licence", "signer": signer})
    return world.platform.post_bytes(f"{path}/decision", own_licence.read_bytes(), kind="licence", signer=signer)


def _sign_licences(world: World, path: str, own_licence: Path | None) -> None:
    bill = world.bill
    with bill.act("licence drawn up" if own_licence is None else f"licence taken from {own_licence.name}") as act:
        licence = world.documents["licence"] = _licence(world, path, own_licence)
        act.detail = licence["reference"]
    with bill.act("a second licence drawn up (réfection: no committee)") as act:
        second = world.documents["second"] = _without_committee(world, "ROKHAS-2026-0043")
        world.documents["third"] = _without_committee(world, "ROKHAS-2026-0044")
        act.detail = second["reference"]
    with bill.act("both licences signed by the president in one ceremony, one PIN"):
        world.sign(cast.PRESIDENT, [licence["reference"], second["reference"]])
    with bill.act("the other authority's next revocation list arrives"):
        world.publish_outside_list()
    with bill.act("time-stamped and proved not revoked: every signature at PAdES B-LT"):
        opinion = world.documents[f"opinion-{cast.AGENCY_MEMBER.key}"]
        world.keep("licence", world.settled(licence["reference"]), "licence.pdf")
        world.keep("second_licence", world.settled(second["reference"]), "second-licence.pdf")
        world.keep("minutes", world.settled(world.documents["minutes"]["reference"]), "minutes.pdf")
        world.keep("opinion", world.settled(opinion["reference"]), "opinion.pdf")


def _without_committee(world: World, platform_reference: str) -> Any:
    """A licence for works that no committee studies (RGC, art. 20), drawn up, not signed."""
    asked = {"platform_reference": platform_reference, "body": cast.COMMUNE, "kind": "refection", "track": "refection"}
    asked |= {"title": "Ravalement de façade, rue Ibn Sina", "applicant": "F. B.", "parcel": "TF 6789/53"}
    opened = world.platform.post("/v1/dossiers", asked)
    return _licence(world, f"/v1/dossiers/{opened['id']}", None)
