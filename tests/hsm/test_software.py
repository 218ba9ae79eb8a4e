"""Keys in memory: where they are refused."""

import pytest

from hsm.errors import SoftwareKeysRefused
from hsm.keys import KeyKind, SignatureAlgorithm
from hsm.software import SoftwareKeys


@pytest.mark.parametrize("environment", ["production", "", "Rehearsal", "prod"])
def test_production_refuses_software_keys(environment: str) -> None:
    with pytest.raises(SoftwareKeysRefused, match="Nothing was signed"):
        SoftwareKeys(environment)


def test_a_role_keeps_its_key_and_its_kind() -> None:
    keys = SoftwareKeys("rehearsal", {"issuing": KeyKind.EC_P384})
    assert keys.key("issuing") is keys.key("issuing")
    assert keys.key("issuing").algorithms[0] is SignatureAlgorithm.ECDSA_SHA384
    assert keys.key("ocsp").algorithms[0] is SignatureAlgorithm.ECDSA_SHA256
