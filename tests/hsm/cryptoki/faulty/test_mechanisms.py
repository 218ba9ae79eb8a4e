"""What a slot offers, and which way a signature is then made: read from what the module was really asked for."""

import pytest
from pkcs11 import Mechanism

from hsm.cryptoki.module import Module
from hsm.cryptoki.station import Station
from hsm.errors import MechanismUnsupported
from hsm.keys import KeyKind, KeyRef, SignatureAlgorithm
from tests.hsm.conftest import Device
from tests.hsm.cryptoki.faulty.conftest import sign
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty

A, M = SignatureAlgorithm, Mechanism
RSA, EC, EC_384 = KeyKind.RSA_2048, KeyKind.EC_P256, KeyKind.EC_P384
PKCS1, PSS = "CKM_RSA_PKCS", "CKM_RSA_PKCS_PSS"

BARE: dict[A, M] = dict.fromkeys([A.RSA_PKCS1V15_SHA256, A.RSA_PKCS1V15_SHA384, A.RSA_PKCS1V15_SHA512], M.RSA_PKCS)
BARE_PSS: dict[A, M] = dict.fromkeys([A.RSA_PSS_SHA256, A.RSA_PSS_SHA384, A.RSA_PSS_SHA512], M.RSA_PKCS_PSS)

WAYS: list[tuple[KeyKind, list[str], dict[A, M]]] = [
    (RSA, [PKCS1], BARE),
    (RSA, ["CKM_SHA256_RSA_PKCS"], {A.RSA_PKCS1V15_SHA256: M.SHA256_RSA_PKCS}),
    (RSA, ["CKM_SHA384_RSA_PKCS"], {A.RSA_PKCS1V15_SHA384: M.SHA384_RSA_PKCS}),
    (RSA, ["CKM_SHA512_RSA_PKCS"], {A.RSA_PKCS1V15_SHA512: M.SHA512_RSA_PKCS}),
    (RSA, [PKCS1, "CKM_SHA256_RSA_PKCS"], BARE),
    (RSA, [PSS], BARE_PSS),
    (RSA, [PSS, "CKM_SHA512_RSA_PKCS_PSS"], BARE_PSS),
    (RSA, ["CKM_SHA256_RSA_PKCS_PSS"], {A.RSA_PSS_SHA256: M.SHA256_RSA_PKCS_PSS}),
    (RSA, ["CKM_SHA384_RSA_PKCS_PSS"], {A.RSA_PSS_SHA384: M.SHA384_RSA_PKCS_PSS}),
    (RSA, ["CKM_SHA512_RSA_PKCS_PSS"], {A.RSA_PSS_SHA512: M.SHA512_RSA_PKCS_PSS}),
    (RSA, [PKCS1, "CKM_SHA256_RSA_PKCS_PSS"], {**BARE, A.RSA_PSS_SHA256: M.SHA256_RSA_PKCS_PSS}),
    (EC, ["CKM_ECDSA"], {A.ECDSA_SHA256: M.ECDSA}),
    (EC, ["CKM_ECDSA_SHA256"], {A.ECDSA_SHA256: M.ECDSA_SHA256}),
    (EC, ["CKM_ECDSA", "CKM_ECDSA_SHA256", "CKM_ECDSA_SHA384"], {A.ECDSA_SHA256: M.ECDSA}),
    (EC_384, ["CKM_ECDSA_SHA256"], {A.ECDSA_SHA256: M.ECDSA_SHA256}),
    (EC_384, ["CKM_ECDSA_SHA384", PKCS1], {A.ECDSA_SHA384: M.ECDSA_SHA384}),
]
NO_USE: list[tuple[KeyKind, list[str]]] = [
    (RSA, ["CKM_ECDSA", "CKM_SHA256"]),
    (RSA, ["CKM_RSA_X_509", "CKM_SHA1_RSA_PKCS"]),
    (EC, [PKCS1]),
    (EC, ["CKM_ECDSA_SHA384"]),
    (EC_384, ["CKM_ECDSA_SHA512"]),
]


@pytest.fixture
def refs(device: Device, module: Module) -> dict[KeyKind, KeyRef]:
    return {each: device.generate(module, each) for each in (RSA, EC, EC_384)}


def test_what_is_offered_decides_the_way(
    device: Device, module: Module, faulty: Faulty, refs: dict[KeyKind, KeyRef]
) -> None:
    for kind, offered, expected in WAYS:
        faulty.mechanisms(only=offered)
        _leave(module)
        key = module.key(refs[kind], device.typed())
        assert set(key.algorithms) == set(expected), offered
        for algorithm, mechanism in expected.items():
            for message in (b"", b"m" * 4096):
                sign(key, message, algorithm)
                begun = faulty.calls("C_SignInit")[-1]
                assert (begun.mechanism, begun.result) == (int(mechanism), "CKR_OK"), (offered, algorithm)


def test_what_is_of_no_use_is_said_and_never_begun(
    device: Device, module: Module, faulty: Faulty, refs: dict[KeyKind, KeyRef]
) -> None:
    for kind, offered in NO_USE:
        faulty.mechanisms(only=offered)
        _leave(module)
        for known in (None, True):
            with pytest.raises(MechanismUnsupported, match="Nothing was done"):
                module.key(refs[kind], device.typed(), always_authenticate=known)
    assert faulty.counted("C_SignInit") == 0


def test_a_mechanism_offered_and_refused_is_not_replaced_by_another(
    device: Device, module: Module, faulty: Faulty
) -> None:
    faulty.mechanisms(only=["CKM_ECDSA", "CKM_ECDSA_SHA256", "CKM_EC_KEY_PAIR_GEN"])
    key = module.key(device.generate(module), device.typed())
    for code in (CKR.MECHANISM_INVALID, CKR.MECHANISM_PARAM_INVALID, CKR.KEY_TYPE_INCONSISTENT):
        begun = faulty.counted("C_SignInit")
        faulty.answer("C_SignInit", code, at=1)
        with pytest.raises(MechanismUnsupported):
            key.sign(b"m", A.ECDSA_SHA256)
        assert faulty.counted("C_SignInit") == begun + 1
        sign(key)


def test_a_station_knows_what_its_module_can(device: Device, module: Module, station: Station, faulty: Faulty) -> None:
    ref = device.generate(module, EC_384)
    module.close()
    faulty.mechanisms(only=["CKM_ECDSA_SHA256"])
    key = station.key(ref, device.typed())
    assert key.algorithms == (A.ECDSA_SHA256,)
    sign(key)
    with pytest.raises(MechanismUnsupported):
        key.sign(b"m", A.ECDSA_SHA384)
    faulty.mechanisms(only=[PKCS1])
    for each in station.devices():
        station.logout(each)
    with pytest.raises(MechanismUnsupported):
        station.key(ref, device.typed())


def _leave(module: Module) -> None:
    """Log out, so that the slot is asked anew what it can."""
    for each in module.devices():
        module.logout(each)
