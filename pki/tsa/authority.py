"""Answering time-stamp requests: bytes in, bytes out (RFC 3161, 2.4)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from hsm.errors import HsmError
from hsm.keys import SigningKey
from hsm.prepared.der import object_identifier, octet_string, sequence, tlv
from pki.der import BIT_STRING, NULL, integer

from .clock import ClockGuard
from .errors import ClockUnsure, Failure, TimeStampRefused, TsaCertificateRefused
from .requests import TimeStampRequest, TsaPolicy, accept_request, parse_request
from .token import TokenMaker

log = logging.getLogger("khatam.tsa")
_GRANTED = sequence(integer(0))
_REJECTED = 2
_UTF8_STRING = 0x0C
_SHA256 = sequence(object_identifier("2.16.840.1.101.3.4.2.1"), tlv(NULL))
_SHA256_BYTES = 32


class TimeStampAuthority:
    """One time-stamping unit. Safe for several threads.

    :param certificate: DER; its key must be `key`, its extended usage timeStamping alone and critical.
    :param chain: DER certificates above it, without the root, given with it when a request asks for certificates.
    :raise TsaCertificateRefused: the certificate does not fit.
    """

    def __init__(
        self,
        *,
        key: SigningKey,
        certificate: bytes,
        chain: Sequence[bytes],
        policy: TsaPolicy,
        clock_guard: ClockGuard,
    ) -> None:
        parsed = _checked(certificate, key)
        self._not_before, self._not_after = parsed.not_valid_before_utc, parsed.not_valid_after_utc
        self._policy, self._guard = policy, clock_guard
        self._maker = TokenMaker(key=key, certificate=certificate, chain=chain, policy=policy)

    def answer(self, request: bytes, *, at: datetime, serial: int | None = None) -> bytes:
        """Return a DER TimeStampResp. Never raises for a request's sake: a refusal is a response, too.

        :param at: the present, just read from the clock; the guard must vouch for it.
        :param serial: random, 159 bits, unless given (tests).
        """
        try:
            parsed = parse_request(request)
            accept_request(parsed, self._policy)
            token = self._token(parsed, at=at, serial=serial)
        except TimeStampRefused as refusal:
            return rejection(refusal.bit, str(refusal))
        except ClockUnsure as refusal:
            log.warning("no time-stamp: %s", refusal)
            return rejection(Failure.TIME_NOT_AVAILABLE, str(refusal))
        except (HsmError, TsaCertificateRefused) as error:
            log.warning("no time-stamp: %s", error)
            return rejection(Failure.SYSTEM_FAILURE, "The time-stamp could not be signed. Try again later.")
        return sequence(_GRANTED, token)

    def token(self, imprint: bytes, *, at: datetime, serial: int | None = None) -> bytes:
        """Return a DER TimeStampToken over a SHA-256 digest, with certificates, for our own documents.

        :raise TimeStampRefused: `imprint` has not 32 bytes.
        :raise ClockUnsure, TsaCertificateRefused, hsm.errors.HsmError: nothing was signed.
        """
        if len(imprint) != _SHA256_BYTES:
            raise TimeStampRefused(Failure.BAD_DATA_FORMAT, "a SHA-256 digest has 32 bytes")
        request = TimeStampRequest(
            message_imprint=sequence(_SHA256, octet_string(imprint)),
            hash_algorithm=object_identifier("2.16.840.1.101.3.4.2.1"),
            hashed_message=imprint,
            policy=None,
            nonce=None,
            certificate_requested=True,
            has_extensions=False,
        )
        return self._token(request, at=at, serial=serial)

    def _token(self, request: TimeStampRequest, *, at: datetime, serial: int | None) -> bytes:
        # THREAT: a clock set back makes a late signature look timely.
        # DEFENCE: the guard vouches for the very instant that is stamped, and refuses while it is unsure.
        # TEST: tests/pki/tsa/test_authority.py::test_refuses_while_clock_unsure
        self._guard.vouch(at)
        if not self._not_before <= at.replace(microsecond=0) <= self._not_after:
            raise TsaCertificateRefused("it is not valid now")
        number = (1 << 158) | secrets.randbits(158) if serial is None else serial
        return self._maker.token(request, serial=number, gen_time=at)


def rejection(failure: Failure, said: str) -> bytes:
    """A TimeStampResp without token: status rejection, one sentence, one failure bit."""
    octets, bit = divmod(int(failure), 8)
    bits = bytes((7 - bit,)) + bytes(octets) + bytes((0x80 >> bit,))
    text = sequence(tlv(_UTF8_STRING, said.encode()))
    return sequence(sequence(integer(_REJECTED), text, tlv(BIT_STRING, bits)))


def _checked(certificate: bytes, key: SigningKey) -> x509.Certificate:
    parsed = x509.load_der_x509_certificate(certificate)
    spki = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if parsed.public_key().public_bytes(*spki) != key.public_key.public_bytes(*spki):
        raise TsaCertificateRefused("it is not that key's")
    try:
        usage = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise TsaCertificateRefused("it does not say that it is for time-stamps") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TsaCertificateRefused("its extended usage must be timeStamping, alone and critical (RFC 3161, 2.3)")
    return parsed
