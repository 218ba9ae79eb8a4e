"""PKCS#10 requests (RFC 2986) whose proof of possession is made in the device.

`cryptography` builds a request only around a private key in memory, so the two outer layers are written here; names
and key come from `cryptography`, and the finished request is read back and verified by it.
"""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from hsm.agent.errors import AgentCode, AgentError
from hsm.keys import SignatureAlgorithm, SigningKey, default_algorithm
from hsm.prepared.der import object_identifier, sequence, tlv
from hsm.prepared.enrolment import EnrolmentSubject

VERSION_1 = bytes.fromhex("020100")
NO_ATTRIBUTES = bytes.fromhex("a000")
NULL = bytes.fromhex("0500")
IDENTIFIERS = {
    SignatureAlgorithm.ECDSA_SHA256: sequence(object_identifier("1.2.840.10045.4.3.2")),
    SignatureAlgorithm.ECDSA_SHA384: sequence(object_identifier("1.2.840.10045.4.3.3")),
    SignatureAlgorithm.RSA_PKCS1V15_SHA256: sequence(object_identifier("1.2.840.113549.1.1.11"), NULL),
    SignatureAlgorithm.RSA_PKCS1V15_SHA384: sequence(object_identifier("1.2.840.113549.1.1.12"), NULL),
}


def certification_request(key: SigningKey, subject: EnrolmentSubject) -> bytes:
    """Return a DER CertificationRequest for `key`, without attributes; the device makes one signature.

    :raise hsm.errors.HsmError: the device did not sign.
    """
    algorithm = default_algorithm(key.public_key)
    spki = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    information = sequence(VERSION_1, _name(subject).public_bytes(), spki, NO_ATTRIBUTES)
    value = key.sign(information, algorithm)
    request = sequence(information, IDENTIFIERS[algorithm], tlv(0x03, b"\x00", value))
    if not x509.load_der_x509_csr(request).is_signature_valid:
        raise AgentError(AgentCode.VALUE, kept=0, count=0)
    return request


def _name(subject: EnrolmentSubject) -> x509.Name:
    parts = (
        (NameOID.COMMON_NAME, subject.common_name),
        (NameOID.GIVEN_NAME, subject.given_name),
        (NameOID.SURNAME, subject.surname),
    )
    return x509.Name([x509.NameAttribute(kind, text[:64]) for kind, text in parts if text])
