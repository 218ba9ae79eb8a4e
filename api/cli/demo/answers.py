"""Chapter five: what verification answers, of the good, the forged, the withdrawn and the unknown."""

import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from hsm.software import SoftwareKey

from . import cast
from .acts import ActWrong, together
from .forgeries import one_byte_changed, page_added
from .outside import DeviceKey, HeldKey, OutsideCa, sign_outside
from .story import World


def answers(world: World) -> None:
    """Play the chapter."""
    bill = world.bill
    bill.open_chapter(5, "Verified over the API")
    licence = _file(world, "licence").read_bytes()
    with bill.act("the licence is authentic: who, in which office, when, minutes complete, in force") as act:
        answer = _ask(world, licence, "AUTHENTIC")
        act.detail = str(answer["sentences"]["fr"])
        bill.expect("effect", answer["effect"], "in_force")
        bill.expect("minutes complete", answer["minutes"]["complete"], True)
        signature = answer["signatures"][-1]
        bill.expect("signer", signature["signer"]["name_latin"], cast.PRESIDENT.name_latin)
        bill.expect("office", signature["office"]["function"], "president")
        bill.expect("time's source", signature["time"]["source"], "time-stamp")
    for name in ("opinion", "minutes"):
        with bill.act(f"the {name} verified, and said not to be a licence") as act:
            answer = _ask(world, _file(world, name).read_bytes(), "AUTHENTIC")
            bill.expect("effect", answer["effect"], "none")
            act.detail = str(answer["sentences"]["fr"])
            if "pas une autorisation" not in act.detail:
                raise ActWrong(f"the sentence does not say that it is no licence: {act.detail}")
    with bill.act("the same licence found by its reference and check characters, and by its digest"):
        document = world.documents["licence"]
        found = world.public.get(f"/v1/documents/{document['reference']}", check=document["check"])
        bill.expect("verdict by reference", found["verdict"], "AUTHENTIC")
        known = world.public.get(f"/v1/verifications/{answer_digest(licence)}")
        bill.expect("verdict by digest", known["verdict"], "AUTHENTIC")
    together(
        *(
            partial(_expect_verdict, world, f"one byte changed at {offset}", forged, "NOT_AUTHENTIC", "altered")
            for offset, forged in one_byte_changed(licence)
        )
    )
    _expect_verdict(world, "a page added by increment", page_added(licence), "NOT_AUTHENTIC", "content-added")
    _outside_signatures(world)
    _lost_key_and_withdrawal(world)


def _outside_signatures(world: World) -> None:
    bill = world.bill
    with bill.act("made outside: a stranger's licence, an ended president's, an unrecorded one's"):
        stranger_ca = OutsideCa("Stranger TEST CA")
        stranger_key = ec.generate_private_key(ec.SECP256R1())
        stranger = stranger_ca.issue(stranger_key.public_key(), name=cast.PRESIDENT.name_latin, cin=cast.PRESIDENT.cin)
        forged = _unsigned_licence(world, cast.COMMUNE, world.documents["licence"]["reference"])
        by_stranger = sign_outside(
            forged,
            certificate=stranger,
            chain=[stranger_ca.certificate],
            key=SoftwareKey(stranger_key),
            tsa_url=f"{world.stage.responders}/tsa",
        )
        world.keep("by_stranger", by_stranger, "by-stranger.pdf")
    _expect_verdict(world, "a stranger's signature under our reference", by_stranger, "NOT_AUTHENTIC", "unknown-signer")
    with bill.act("an office recorded as ended today"):
        ended = {"ends_on": date.today().isoformat(), "reason": "resignation", "deed": "PV 2026-11"}  # noqa: DTZ011
        world.officer.post(f"/v1/offices/{world.offices[cast.ENDED_PRESIDENT.key]}/end", ended)
        time.sleep(1)  # time-stamps are whole seconds: one of this second would be before the record
        by_ended = _signed_by(world, world.held[cast.ENDED_PRESIDENT.key], cast.COMMUNE_OF_THE_ENDED_OFFICE)
        world.keep("by_ended_president", by_ended, "by-ended-president.pdf")
    _expect_verdict(world, "a president whose office had ended", by_ended, "NOT_AUTHENTIC", "not-in-office")
    with bill.act("a licence of a commune whose register nobody declared complete"):
        person = cast.UNRECORDED_PRESIDENT
        workplace = world.stage.workplace(person.key)
        held = world.outside_ca.equip(workplace, name=person.name_latin, cin=person.cin)
        unrecorded = _signed_by(world, held, cast.COMMUNE_WITHOUT_REGISTER)
        world.keep("register_incomplete", unrecorded, "register-incomplete.pdf")
    _expect_verdict(world, "that licence", unrecorded, "CANNOT_TELL", "register-incomplete")


def _lost_key_and_withdrawal(world: World) -> None:
    bill = world.bill
    order, document = world.orders[cast.PRESIDENT.key], world.documents["licence"]
    with bill.act("the president's key reported lost") as act:
        blocked = world.officer.post(f"/v1/key-orders/{order}/block", {"reason": "lost"})
        act.detail = f"blocked at {blocked['blocked_at']}"
    bill.refused(
        "his next ceremony, at once",
        "key-blocked",
        lambda: world.platform.post(
            "/v1/ceremonies",
            {"signer": world.holders[cast.PRESIDENT.key], "documents": [world.documents["third"]["reference"]]},
        ),
    )
    refused = bill.acts[-1]
    bill.expect("refused within the second", refused.seconds < 1, True)
    with bill.act("his earlier licences stay authentic"):
        _ask(world, _file(world, "licence").read_bytes(), "AUTHENTIC")
        _ask(world, _file(world, "second_licence").read_bytes(), "AUTHENTIC")
    with bill.act("the licence withdrawn: authentic, no longer in force") as act:
        asked = {"status": "withdrawn", "in_effect": date.today().isoformat()}  # noqa: DTZ011
        asked |= {"deed": "Arrêté 2026/77", "reason": "Non-respect des prescriptions"}
        world.platform.post(f"/v1/licences/{document['reference']}/status", asked)
        answer = _ask(world, _file(world, "licence").read_bytes(), "AUTHENTIC_NOT_IN_FORCE")
        act.detail = str(answer["sentences"]["fr"])


def answer_digest(content: bytes) -> str:
    """Lower-case hexadecimal SHA-256, as the API names files."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _ask(world: World, content: bytes, verdict: str) -> Any:
    answer = world.public.post_bytes("/v1/verifications", content)
    world.bill.expect("the verdict", answer["verdict"], verdict)
    return answer


def _expect_verdict(world: World, title: str, content: bytes, verdict: str, reason: str) -> None:
    with world.bill.act(f"{title}: {verdict}") as act:
        answer = _ask(world, content, verdict)
        act.detail = f"{answer['reason']}: {answer['sentences']['fr']}"
        world.bill.expect("the reason", answer["reason"], reason)


def _signed_by(world: World, held: HeldKey, body: str) -> bytes:
    return sign_outside(
        _unsigned_licence(world, body, "ANCIEN-2024-17"),
        certificate=held.certificate,
        chain=[held.issuer],
        key=DeviceKey(held),
        tsa_url=f"{world.stage.responders}/tsa",
    )


def _unsigned_licence(world: World, body: str, reference: str) -> bytes:
    """A licence as anybody could draw it up, in our own layout."""
    from signer.rendering.facts import LicenceFacts
    from signer.rendering.render import render

    del world
    return render(LicenceFacts.sample(body_code=body, reference=reference)).content


def _file(world: World, name: str) -> Path:
    return world.stage.folder / world.bill.files[name]
