"""Certificates in devices: whose, for what, and from when to when. What the agent judges before it asks for a PIN."""

import unicodedata
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from hsm.prepared.payload import FORBIDDEN_CHARACTERS, MAX_TEXT

from .errors import AgentCode, AgentError

# THREAT: the service names another certificate of the signer's device: the one of his logins, or a body's seal.
# DEFENCE: only a certificate that commits its holder to content, of a natural person, within its time, is signed with.
# TEST: tests/hsm/agent/signing/test_refusals.py::test_only_a_persons_signature_certificate_signs


def signer_named(der: bytes) -> str | None:
    """Whose signature certificate it is; None for any other certificate, or an unreadable one."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        if _unfit(certificate) is not None:
            return None
    except ValueError:
        return None
    return _common_name(certificate)


def require_for_signing(der: bytes, *, wanted: str, at: datetime) -> None:
    """Refuse what a person does not sign with, and what is out of its time (both ends inside, RFC 5280, 4.1.2.5).

    :raise AgentError: `NOT_A_SIGNATURE_CERTIFICATE`, `CERTIFICATE_NOT_YET`, `CERTIFICATE_EXPIRED`.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        unfit = _unfit(certificate)
    except ValueError as error:
        raise AgentError(AgentCode.NOT_A_SIGNATURE_CERTIFICATE, what="it cannot be read") from error
    if unfit is not None:
        raise AgentError(AgentCode.NOT_A_SIGNATURE_CERTIFICATE, what=unfit)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < begins:
        raise AgentError(AgentCode.CERTIFICATE_NOT_YET, wanted=wanted, on=f"{begins:%Y-%m-%d}")
    if at > ends:
        raise AgentError(AgentCode.CERTIFICATE_EXPIRED, wanted=wanted, on=f"{ends:%Y-%m-%d}")


def named(der: bytes, name: str) -> str:
    """That name, and beside it the certificate's own where they differ: the signature will bear the latter.

    Names differ by their words, not by order, case or accents' spelling.
    """
    # THREAT: a list bears the signer's name, and the certificate that signs it another.
    # DEFENCE: the certificate's own name is shown beside the list's wherever the two differ.
    # TEST: tests/hsm/agent/signing/test_refusals.py::test_certificate_of_another_name_is_shown_beside
    own = FORBIDDEN_CHARACTERS.sub("", _common_name(x509.load_der_x509_certificate(der)) or "")[:MAX_TEXT]
    return name if not own or _words(own) == _words(name) else f"{name} · {own}"


def _words(name: str) -> list[str]:
    return sorted(unicodedata.normalize("NFKC", name).casefold().replace("-", " ").split())


def _unfit(certificate: x509.Certificate) -> str | None:
    """Why a person does not sign with it; None if he does."""
    if certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER):
        return "it is the seal of an organisation"  # EN 319 412-3, 4.2.1: the legal person's own attribute
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return "it does not say what its key is for"
    if usage.key_cert_sign or usage.crl_sign:
        return "it is an authority's"
    if not usage.content_commitment:
        return "it is for logging in" if usage.digital_signature else "its key does not sign"
    return None


def _common_name(certificate: x509.Certificate) -> str | None:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else None
