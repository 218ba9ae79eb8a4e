"""The driver on NSS's software token: keys that may leave unless the template says no."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.cryptoki.station import Station
from hsm.errors import PinRefused
from hsm.keys import KeyKind, KeyRef, SigningKey
from tests.hsm.conftest import RIGHT, WRONG, Typed
from tests.hsm.cryptoki.contract import *  # noqa: F403  (the tests themselves)
from tests.hsm.cryptoki.contract import KINDS
from tests.hsm.prepared.authority import Authority, usage
from tests.rig.estates.nss import LABEL, SERIAL, nss_estate

pytestmark = pytest.mark.soak


@dataclass(frozen=True, slots=True)
class NssKeyring:
    """Keys made by the driver itself, by role."""

    driver: Station
    refs: dict[str, KeyRef]

    def key(self, role: str) -> SigningKey:
        return self.driver.key(self.refs[role], Typed([RIGHT]))


def generate(driver: Station, kind: KeyKind) -> KeyRef:
    made = driver.generate_key_pair(
        device_label=LABEL,
        device_serial=SERIAL,
        kind=kind,
        label=kind.value,
        key_id=secrets.token_bytes(8),
        pins=Typed([RIGHT]),
    )
    return made[0]


@pytest.fixture(scope="module")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NssKeyring]:
    estate = nss_estate(tmp_path_factory.mktemp("soak") / "nss", RIGHT)
    with Station([estate.module]) as driver:
        yield NssKeyring(driver, {role: generate(driver, kind) for role, kind in KINDS.items()})


def test_the_keys_do_not_leave(keyring: NssKeyring) -> None:
    for ref in keyring.refs.values():
        said = keyring.driver.key_attributes(ref, Typed([RIGHT]))
        assert (said.sensitive, said.always_sensitive) == (True, True)
        assert (said.extractable, said.never_extractable) == (False, True)


def test_a_wrong_pin_is_sent_once(keyring: NssKeyring) -> None:
    (device,) = (each for each in keyring.driver.devices() if each.label == LABEL)
    keyring.driver.logout(device)
    typed = Typed([WRONG])
    with pytest.raises(PinRefused):
        keyring.driver.key(keyring.refs["ec-p256"], typed)
    assert typed.asked == [False]


def test_a_certificate_is_written_and_read(keyring: NssKeyring) -> None:
    (device,) = (each for each in keyring.driver.devices() if each.label == LABEL)
    authority = Authority.make("TEST tokens")
    key = keyring.key("ec-p256")
    der = authority.issue(key.public_key, key_usage=usage(content_commitment=True), purposes=(), subject="TEST holder")
    keyring.driver.write_certificate(
        keyring.refs["ec-p256"], der.public_bytes(Encoding.DER), label="signature", pins=Typed([RIGHT])
    )
    (found,) = keyring.driver.read_certificates(device)
    assert (found.key_id, found.der) == (keyring.refs["ec-p256"].key_id, der.public_bytes(Encoding.DER))
