import dataclasses
import hashlib
from typing import Any

import pytest
from asn1crypto import cms

from hsm.keys import SignatureAlgorithm
from hsm.prepared.attributes import signed_attributes
from signer.pades.cms import document_algorithm, document_algorithms
from signer.pades.embed import embed_signature
from signer.pades.errors import AlgorithmUnsuitable, SignatureMismatch, SignatureTooLarge
from signer.pades.prepare import PreparedPdf, prepare_signature
from tests.signer.pades.estate import T0, Estate


def parts(estate: Estate, prepared: PreparedPdf) -> dict[str, Any]:
    who = estate.president
    attributes = signed_attributes(prepared.document_digest, who.der)
    value = who.key.sign(attributes, SignatureAlgorithm.RSA_PKCS1V15_SHA256)
    return {
        "byte_range": prepared.byte_range,
        "attributes": attributes,
        "value": value,
        "algorithm": SignatureAlgorithm.RSA_PKCS1V15_SHA256,
        "certificate_der": who.der,
        "chain": (estate.issuing.der, who.der, estate.issuing.der),
        "time_stamp": estate.stamp(hashlib.sha256(value).digest()),
    }


def contents(signed: bytes, prepared: PreparedPdf) -> bytes:
    _, before, after, _ = prepared.byte_range
    return bytes.fromhex(signed[before + 1 : after - 1].decode())


def test_attributes_enter_exactly_as_signed_and_no_certificate_twice(estate: Estate, licence: bytes) -> None:
    prepared = estate.prepare(licence, field_name="President")
    given = parts(estate, prepared)
    signed = embed_signature(prepared.content, **given)
    data = cms.ContentInfo.load(contents(signed, prepared))["content"]
    (signer,) = data["signer_infos"]
    assert signer["signed_attrs"].untag().dump() == given["attributes"]
    assert signer["signature"].native == given["value"]
    assert signer["unsigned_attrs"][0]["type"].native == "signature_time_stamp_token"
    held = [each.chosen.dump() for each in data["certificates"]]
    assert sorted(held) == sorted({estate.president.der, estate.issuing.der})


def test_nothing_but_the_gap_changes(estate: Estate, licence: bytes) -> None:
    prepared = estate.prepare(licence, field_name="President")
    given = parts(estate, prepared)
    signed = embed_signature(prepared.content, **given)
    _, before, after, _ = prepared.byte_range
    assert len(signed) == len(prepared.content)
    assert signed[:before] == prepared.content[:before]
    assert signed[after:] == prepared.content[after:]
    assert signed == embed_signature(prepared.content, **given)


def test_what_belongs_to_another_document_is_refused(estate: Estate, licence: bytes) -> None:
    prepared, other = (estate.prepare(licence, field_name=name) for name in ("President", "Member-1"))
    given = parts(estate, prepared)
    wrong = (
        {"attributes": parts(estate, other)["attributes"]},
        {"certificate_der": estate.members[0].der},
        {"time_stamp": estate.stamp(hashlib.sha256(b"another value").digest())},
        {"byte_range": (0, prepared.byte_range[1] - 1, *prepared.byte_range[2:])},
        {"byte_range": other.byte_range},
    )
    for each in wrong:
        with pytest.raises(SignatureMismatch):
            embed_signature(prepared.content, **{**given, **each})


def test_a_gap_is_filled_once(estate: Estate, licence: bytes) -> None:
    prepared = estate.prepare(licence, field_name="President")
    signed = embed_signature(prepared.content, **parts(estate, prepared))
    with pytest.raises(SignatureMismatch):
        embed_signature(signed, **parts(estate, prepared))


def test_too_little_room(estate: Estate, licence: bytes) -> None:
    prepared = prepare_signature(licence, field="President", appearance=None, certify=False, at=T0, reserve=512)
    with pytest.raises(SignatureTooLarge) as refused:
        embed_signature(prepared.content, **parts(estate, prepared))
    assert refused.value.reserved == 512


@pytest.mark.parametrize("algorithm", sorted(set(SignatureAlgorithm) - document_algorithms()))
def test_an_algorithm_with_another_digest_is_refused(
    estate: Estate, licence: bytes, algorithm: SignatureAlgorithm
) -> None:
    prepared = estate.prepare(licence, field_name="President")
    with pytest.raises(AlgorithmUnsuitable):
        embed_signature(prepared.content, **{**parts(estate, prepared), "algorithm": algorithm})


def test_a_token_that_is_none(estate: Estate, licence: bytes) -> None:
    prepared = estate.prepare(licence, field_name="President")
    with pytest.raises(SignatureMismatch):
        embed_signature(prepared.content, **{**parts(estate, prepared), "time_stamp": b"\x30\x00"})


def test_prepared_is_a_value(estate: Estate, licence: bytes) -> None:
    prepared = estate.prepare(licence, field_name="President")
    with pytest.raises(dataclasses.FrozenInstanceError):
        prepared.content = b""  # type: ignore[misc]


def test_every_kind_of_key_has_its_algorithm(estate: Estate) -> None:
    for who in (estate.president, *estate.members):
        chosen = document_algorithm(who.key.public_key)
        assert chosen in document_algorithms()
        assert chosen in who.key.algorithms
