"""The contract of `SigningKey` on the keys of a virtual token."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from hsm.cryptoki.station import Station
from hsm.keys import SigningKey
from tests.hsm.conftest import Typed
from tests.hsm.cryptoki.contract import (
    test_every_algorithm_it_names_makes_a_good_value,
    test_messages_of_any_size,
    test_rsa_keys_do_pss,
    test_the_default_algorithm_comes_first,
    test_thirty_two_callers_at_once,
    test_what_it_does_not_name_is_refused,
)
from tests.hsm.prepared.authority import Authority
from tests.rig.card.keys import Algorithm
from tests.rig.card.personalising import Slot
from tests.rig.estates.holder import PIN, Token, hand_over, issue_by, station, wait_for
from tests.rig.estates.pcsc import Estate

__all__ = [
    "test_every_algorithm_it_names_makes_a_good_value",
    "test_messages_of_any_size",
    "test_rsa_keys_do_pss",
    "test_the_default_algorithm_comes_first",
    "test_thirty_two_callers_at_once",
    "test_what_it_does_not_name_is_refused",
]

ROLES = {"rsa-2048": Slot.SIGNATURE, "ec-p256": Slot.AUTHENTICATION, "ec-p384": Slot.KEY_MANAGEMENT}
SLOTS = {
    Slot.SIGNATURE: Algorithm.RSA_2048,
    Slot.AUTHENTICATION: Algorithm.EC_P256,
    Slot.KEY_MANAGEMENT: Algorithm.EC_P384,
}


@dataclass(frozen=True, slots=True)
class CardKeyring:
    """A token's keys by role; the RSA one asks its PIN each time."""

    driver: Station
    token: Token

    def key(self, role: str) -> SigningKey:
        return self.driver.key(self.token.ref(ROLES[role]), Typed([PIN]))


@pytest.fixture(scope="module")
def keyring(card_estate: Estate, card_authority: Authority) -> Iterator[CardKeyring]:
    token = hand_over(card_estate, "holder", SLOTS, issue_by(card_authority, "TEST holder"))
    token.card.plug()
    with station(card_estate) as driver:
        wait_for(driver, token)
        yield CardKeyring(driver, token)


@pytest.fixture(params=list(ROLES))
def key(request: pytest.FixtureRequest, keyring: CardKeyring) -> SigningKey:
    return keyring.key(request.param)
