"""A supplied device: read without a PIN, shown, proved with its authentication key alone."""

import base64
import dataclasses
import hashlib
from datetime import datetime
from typing import Any

import pytest

from hsm.agent.errors import AgentCode
from hsm.agent.holder.device_consent import PresentRequest
from hsm.agent.holder.enrolment_sitting import EnrolmentReport
from hsm.agent.holder.presenting import Presenting
from hsm.keys import SignatureAlgorithm, verify
from hsm.prepared.authentication import authentication_message
from hsm.prepared.enrolment import Road
from hsm.prepared.manifest import Environment
from tests.hsm.agent.estate import ORIGIN, TICKET, Workplace
from tests.hsm.agent.holder.test_personalising import Hands
from tests.hsm.agent.supplied import AUTHENTICATION_ID, POLICY, Person, supply
from tests.hsm.prepared.authority import NOW, Authority


@pytest.fixture
def place(workplace: Workplace, authority: Authority) -> Workplace:
    workplace.service.kind = "enrolment"
    workplace.service.now = lambda: NOW
    workplace.service.asked = {"road": Road.SUPPLIED, "policy_oids": (POLICY,)}
    supply(workplace.devices, authority)
    return workplace


def present(place: Workplace, *, person: Person | None = None, hands: Hands | None = None) -> EnrolmentReport:
    around = place.surroundings()
    return Presenting(place.config, place.ticket, around, typed=hands or Hands(), consent=person or Person()).run()


def test_a_supplied_device_is_presented(place: Workplace) -> None:
    person = Person()
    report = present(place, person=person)
    assert report.error is None
    assert report.state == "issued"
    (request,) = person.asked
    assert isinstance(request, PresentRequest)
    assert (request.named, request.holder, request.has_authentication) == ("Ahmed EL ALAOUI", "Ahmed EL ALAOUI", True)
    (sent,) = place.service.presented
    assert set(sent) == {"certificates", "device", "evidence", "proof"}
    assert [base64.b64decode(each) for each in sent["certificates"]] == [
        each.der for each in place.devices.certificates
    ]
    at = datetime.fromisoformat(sent["proof"]["at"])
    ticket = hashlib.sha256(TICKET.encode()).hexdigest()
    message = authentication_message("enrolment", ORIGIN, ticket, place.service.nonce, at)
    key = place.devices.keys[AUTHENTICATION_ID].public_key
    verify(key, base64.b64decode(sent["proof"]["value"]), message, SignatureAlgorithm.ECDSA_SHA256)
    assert place.devices.signed == [message]
    assert place.devices.acts == ["logout"]


def test_without_an_authentication_key_nothing_is_signed(place: Workplace, authority: Authority) -> None:
    supply(place.devices, authority, authentication=False)
    report = present(place)
    assert report.error is None
    assert place.service.presented[0]["proof"] is None
    assert place.service.presented[0]["evidence"]["authentication"] is None
    assert place.devices.signed == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"device_serial": "77"}, "has serial 1, the order names 77"),
        ({"policy_oids": ("1.2.3.4",)}, "none of the policy that is asked for"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_reason(place: Workplace, asked: dict[str, Any], said: str) -> None:
    place.service.asked |= asked
    error = present(place).error
    assert error is not None
    assert error.code is AgentCode.NO_PAIR
    assert said in str(error)
    assert place.devices.pin_tries == 0
    assert place.service.presented == []


def test_an_empty_device_is_refused_with_its_reason(place: Workplace) -> None:
    place.devices.certificates.clear()
    error = present(place).error
    assert error is not None
    assert "no signature certificate" in str(error)


def test_any_policy_will_do_where_none_is_asked_for(place: Workplace, authority: Authority) -> None:
    supply(place.devices, authority, policy=None)
    place.service.asked["policy_oids"] = ()
    assert present(place).error is None


def test_a_no_sends_nothing(place: Workplace) -> None:
    error = present(place, person=Person(frozenset({"present"}))).error
    assert error is not None
    assert error.code is AgentCode.CONSENT
    assert place.devices.pin_tries == 0
    assert place.service.presented == []


def test_a_transport_pin_is_changed_first(place: Workplace) -> None:
    place.devices.flags = {"pin_to_be_changed": True}
    place.devices.pin_value = "transport-1"
    place.pins.characters = "my-own-pin-9"
    hands = Hands(present="transport-1", new="my-own-pin-9")
    assert present(place, hands=hands).error is None
    assert hands.asked == ["present", "new"]
    assert place.devices.pin_value == "my-own-pin-9"
    assert place.devices.acts[0] == "change-pin"


def test_a_pin_that_was_never_set_is_set_with_the_letters_secret(place: Workplace) -> None:
    place.devices.pin_set = False
    hands = Hands(new="my-own-pin-9")
    place.pins.characters = "my-own-pin-9"
    assert present(place, hands=hands).error is None
    assert hands.asked == ["unlock", "new"]
    assert place.devices.acts[0] == "unblock"


def test_a_makers_unlock_secret_is_refused_untried(place: Workplace) -> None:
    place.devices.flags = {"so_pin_to_be_changed": True}
    error = present(place).error
    assert error is not None
    assert error.code is AgentCode.DEFAULT_SECRET
    assert place.devices.so_tries == 0


PIV = "piv_II"
"""As OpenSC names the maker of a PIV card."""


def test_a_piv_card_needs_a_word_on_its_management_key(place: Workplace) -> None:
    """In production. A word in the configuration is enough: nothing shows the key itself."""
    place.service.asked |= {"environment": Environment.PRODUCTION}
    place.config = dataclasses.replace(place.config, environment="production")
    place.devices.manufacturer = PIV
    person = Person()
    error = present(place, person=person).error
    assert error is not None
    assert error.code is AgentCode.CONFIGURATION
    assert "management keys" in str(error)
    assert (person.asked, place.devices.pin_tries, place.service.presented) == ([], 0, [])
    place.config = dataclasses.replace(place.config, management_keys_changed_by="the issuer, note 12/2026")
    assert present(place).error is None


@pytest.mark.parametrize(("environment", "manufacturer"), [("production", "tests"), ("rehearsal", PIV)])
def test_no_word_is_asked_of_other_devices_or_in_a_rehearsal(
    place: Workplace, environment: str, manufacturer: str
) -> None:
    place.service.asked |= {"environment": Environment(environment)}
    place.config = dataclasses.replace(place.config, environment=environment)
    place.devices.manufacturer = manufacturer
    assert present(place).error is None
