"""Time-stamps: asked for and verified by OpenSSL; refusals; hostile bytes."""

import hashlib
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp
from hypothesis import given
from hypothesis import strategies as st

from hsm.errors import DeviceUnavailable
from hsm.prepared.der import object_identifier, octet_string, sequence, tlv
from pki.der import integer, read_one
from pki.tsa.authority import TimeStampAuthority
from pki.tsa.clock import Unguarded
from pki.tsa.errors import ClockUnsure, TimeStampRefused, TsaCertificateRefused
from pki.tsa.requests import TsaPolicy, parse_request
from tests.pki.ca.estate import T0, House, write_pem

POLICY = "2.25.310184722950713260548617035925842617"
SHA256 = object_identifier("2.16.840.1.101.3.4.2.1")
DATA = b"what is stamped"


def authority(house: House, **changes: Any) -> TimeStampAuthority:
    values: dict[str, Any] = {
        "key": house.keys.key("tsa"),
        "certificate": house.founded.tsa_der,
        "chain": (house.founded.issuing_der,),
        "policy": TsaPolicy(policy_oid=POLICY),
        "clock_guard": Unguarded("rehearsal"),
    }
    return TimeStampAuthority(**values | changes)


def request(
    *,
    version: int = 1,
    oid: bytes = SHA256,
    imprint: bytes = hashlib.sha256(DATA).digest(),
    policy: str | None = None,
    nonce: int | None = 4711,
    certificates: bool = True,
    extension: bool = False,
) -> bytes:
    return sequence(
        integer(version),
        sequence(sequence(oid, tlv(0x05)), octet_string(imprint)),
        object_identifier(policy) if policy else b"",
        b"" if nonce is None else integer(nonce),
        b"\x01\x01\xff" if certificates else b"",
        tlv(0xA0, sequence(object_identifier("1.2.3"), octet_string(b""))) if extension else b"",
    )


def info(response: bytes) -> Any:
    answer = tsp.TimeStampResp.load(response, strict=True)
    assert answer["status"]["status"].native == "granted"
    signed = answer["time_stamp_token"]["content"]
    return tsp.TSTInfo.load(bytes(signed["encap_content_info"]["content"]), strict=True)


@pytest.mark.parametrize("which", ["house", "rsa_house"])
@pytest.mark.parametrize("options", [["-cert"], ["-cert", "-no_nonce", "-sha512"], ["-sha384"], ["-tspolicy", POLICY]])
def test_openssl_asks_and_verifies(
    which: str, options: list[str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    house: House = request.getfixturevalue(which)
    data, query, reply = tmp_path / "data", tmp_path / "q", tmp_path / "a"
    data.write_bytes(DATA)
    ask = ["openssl", "ts", "-query", "-data", str(data), "-out", str(query), *options]
    subprocess.run(ask, check=True, capture_output=True)
    reply.write_bytes(authority(house).answer(query.read_bytes(), at=T0))
    root = write_pem(tmp_path / "r", house.founded.root_der)
    chain = write_pem(tmp_path / "i", house.founded.issuing_der, house.founded.tsa_der)
    verify = ["openssl", "ts", "-verify", "-in", str(reply), "-CAfile", root, "-untrusted", chain]
    verify += ["-attime", str(int(T0.timestamp()))]
    for against in (["-data", str(data)], ["-queryfile", str(query)]):
        done = subprocess.run([*verify, *against], capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout + done.stderr, done.stderr
    data.write_bytes(DATA + b"!")
    done = subprocess.run([*verify, "-data", str(data)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    text = subprocess.run(
        ["openssl", "ts", "-reply", "-in", str(reply), "-text"], capture_output=True, text=True, check=True
    )
    assert "Accuracy: 0x01 seconds" in text.stdout
    assert POLICY in text.stdout
    carried = cms.ContentInfo.load(tsp.TimeStampResp.load(reply.read_bytes())["time_stamp_token"].dump())
    assert bool(carried["content"]["certificates"]) is ("-cert" in options)


def test_token_repeats_nonce_and_imprint_and_cuts_the_second(house: House) -> None:
    stamped = info(authority(house).answer(request(), at=T0, serial=99))
    assert stamped["nonce"].native == 4711
    assert stamped["serial_number"].native == 99
    assert stamped["gen_time"].native == T0.replace(microsecond=0)
    assert stamped["message_imprint"]["hashed_message"].native == hashlib.sha256(DATA).digest()
    serials = {info(authority(house).answer(request(), at=T0))["serial_number"].native for _ in range(20)}
    assert len(serials) == 20
    assert min(serials).bit_length() == 159


def test_signing_certificate_v2_names_the_certificate_once(house: House) -> None:
    signed = tsp.TimeStampResp.load(authority(house).answer(request(), at=T0))["time_stamp_token"]["content"]
    attributes = {each["type"].native: each["values"][0] for each in signed["signer_infos"][0]["signed_attrs"]}
    assert attributes.keys() == {"content_type", "message_digest", "signing_certificate_v2"}
    (named,) = attributes["signing_certificate_v2"]["certs"]
    assert named["cert_hash"].native == hashlib.sha256(house.founded.tsa_der).digest()
    carried = [each.dump() for each in signed["certificates"]]
    assert sorted(carried) == sorted({house.founded.tsa_der, house.founded.issuing_der})


REFUSED = {
    "bad_alg": {"oid": object_identifier("1.3.14.3.2.26"), "imprint": bytes(20)},
    "bad_data_format": {"imprint": bytes(31)},
    "unaccepted_policy": {"policy": "1.2.3"},
    "unaccepted_extensions": {"extension": True},
    "bad_request": {"version": 2},
}


@pytest.mark.parametrize("failure", REFUSED)
def test_each_deviation_has_its_failure(house: House, failure: str, tmp_path: Path) -> None:
    answer = authority(house).answer(request(**REFUSED[failure]), at=T0)  # type: ignore[arg-type]
    assert failure_of(answer) == {failure}
    (tmp_path / "a").write_bytes(answer)
    command = ["openssl", "ts", "-reply", "-in", str(tmp_path / "a"), "-text"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Status: Rejected." in said
    assert "No time-stamp was made" in said


class Unsure:
    def vouch(self, at: datetime) -> None:
        raise ClockUnsure("nobody knows")


class Away:
    def __init__(self, house: House) -> None:
        self.public_key, self.algorithms = house.keys.key("tsa").public_key, house.keys.key("tsa").algorithms

    def sign(self, message: bytes, algorithm: object) -> bytes:
        raise DeviceUnavailable("gone")


def failure_of(response: bytes) -> object:
    whole = read_one(response, 0x30).children()
    status = tsp.PKIStatusInfo.load(whole.next(0x30).encoded, strict=True)
    whole.end()  # no token
    assert status["status"].native == "rejection"
    return status["fail_info"].native


def test_refuses_while_clock_unsure(house: House) -> None:
    unsure = authority(house, clock_guard=Unsure())
    assert failure_of(unsure.answer(request(), at=T0)) == {"time_not_available"}
    with pytest.raises(ClockUnsure):
        unsure.token(bytes(32), at=T0)


def test_device_away_and_certificate_over(house: House) -> None:
    assert failure_of(authority(house, key=Away(house)).answer(request(), at=T0)) == {"system_failure"}
    late = T0 + timedelta(days=3000)
    assert failure_of(authority(house).answer(request(), at=late)) == {"system_failure"}


def test_certificate_must_fit(house: House) -> None:
    with pytest.raises(TsaCertificateRefused):
        authority(house, key=house.keys.key("seal"))
    with pytest.raises(TsaCertificateRefused):
        authority(house, key=house.keys.key("seal"), certificate=house.founded.seal_der)
    with pytest.raises(TsaCertificateRefused):
        authority(house, key=house.keys.key("ocsp"), certificate=house.founded.ocsp_der)


def test_token_for_our_own_documents(house: House, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(authority(house).token(hashlib.sha256(DATA).digest(), at=T0))
    (tmp_path / "data").write_bytes(DATA)
    root, chain = (
        write_pem(tmp_path / "r", house.founded.root_der),
        write_pem(tmp_path / "i", house.founded.issuing_der),
    )
    command = ["openssl", "ts", "-verify", "-token_in", "-in", str(token), "-data", str(tmp_path / "data")]
    command += ["-CAfile", root, "-untrusted", chain, "-attime", str(int(T0.timestamp()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr, done.stderr
    with pytest.raises(TimeStampRefused):
        authority(house).token(bytes(20), at=T0)


GOOD = request()


@given(st.one_of(st.binary(max_size=200), st.integers(0, len(GOOD) - 1).map(lambda n: GOOD[:n])))
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(TimeStampRefused):
        parse_request(data)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_changed_bytes_parse_or_are_refused(place: int, change: int) -> None:
    try:
        parse_request(GOOD[:place] + bytes((GOOD[place] ^ change,)) + GOOD[place + 1 :])
    except TimeStampRefused:
        return


def test_large_nonce_and_large_request_are_refused() -> None:
    for data in (request(nonce=1 << 600), request(imprint=bytes(17_000))):
        with pytest.raises(TimeStampRefused):
            parse_request(data)
