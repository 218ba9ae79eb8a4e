"""`present` on a virtual token behind the real PC/SC stack: another personalised it, and 9C asks each time."""

import base64
import dataclasses
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hsm.agent.holder.device_consent import PresentRequest
from hsm.agent.holder.personalising import is_piv
from hsm.agent.holder.presenting import Presenting
from hsm.cryptoki.station import Station
from hsm.keys import SignatureAlgorithm, verify
from hsm.prepared.authentication import authentication_message
from hsm.prepared.enrolment import Road
from tests.hsm.agent.estate import ORIGIN, FixedPins, Workplace
from tests.hsm.agent.holder.test_personalising import Hands
from tests.hsm.agent.supplied import Person
from tests.rig.card.personalising import Slot
from tests.rig.estates.fixtures import MakeToken, card_authority, card_estate, make_token
from tests.rig.estates.holder import PIN, STRICT, Token, station, wait_for
from tests.rig.estates.pcsc import Estate
from tests.rig.estates.token import Status

__all__ = ["card_authority", "card_estate", "make_token"]  # fixtures


class Onlooker(Person):
    """Says yes, and looks at the token's counters before."""

    def __init__(self, token: Token) -> None:
        super().__init__()
        self._token = token
        self.seen: list[Status] = []

    def to_present(self, request: PresentRequest) -> None:
        super().to_present(request)
        self.seen.append(self._token.card.status)


def test_a_token_is_presented_with_its_authentication_key_alone(
    workplace: Workplace, card_estate: Estate, make_token: MakeToken
) -> None:
    token = make_token(STRICT)
    workplace.service.kind = "enrolment"
    workplace.service.asked = {"road": Road.SUPPLIED, "device_serial": token.serial}
    opened: list[Station] = []

    def devices() -> Station:
        opened.append(station(card_estate))
        info = wait_for(opened[-1], token)
        assert is_piv(info)
        assert info.pin_longest == 8  # SP 800-73-4, part 2, 2.4.3
        return opened[-1]

    person, hands = Onlooker(token), Hands()
    around = dataclasses.replace(workplace.surroundings(), devices=devices, pins=FixedPins(PIN))
    report = Presenting(workplace.config, workplace.ticket, around, typed=hands, consent=person).run()
    assert report.error is None

    (before,) = person.seen
    assert (before.pins_sent, before.made) == (0, 0)
    (request,) = person.asked
    assert isinstance(request, PresentRequest)
    assert (request.named, request.has_authentication) == ("TEST holder", True)

    (sent,) = workplace.service.presented
    ders = [base64.b64decode(each) for each in sent["certificates"]]
    assert ders == [token.certificates[Slot.SIGNATURE], token.certificates[Slot.AUTHENTICATION]]
    ticket, nonce = sent["proof"]["server_nonce"], workplace.service.nonce
    message = authentication_message("enrolment", ORIGIN, ticket, nonce, datetime.fromisoformat(sent["proof"]["at"]))
    key = x509.load_der_x509_certificate(token.certificates[Slot.AUTHENTICATION]).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    verify(key, base64.b64decode(sent["proof"]["value"]), message, SignatureAlgorithm.ECDSA_SHA256)

    # One signature was made in the token, and it is that one: 9C signed nothing.
    after = token.card.status
    assert (after.made, after.verify_wrong, hands.asked) == (1, 0, [])
    assert [each.worker_pids() for each in opened] == [[]]
