"""Proofs of status for signatures: fresh OCSP answers of our own, lists of our root and of other issuers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509 import ocsp

from pki.ca.errors import CertificateRefused
from pki.ca.issuers import Issuer, issuers
from pki.ca.keyring import ISSUING
from pki.ca.registered import issued_by, parse_certificate
from pki.ca.tables import IssuerKind
from pki.records import Records

from .errors import StatusProofUnavailable
from .lists import latest_list
from .ocsp import OcspResponder, build_ocsp_request

_LONGEST_WAIT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationProofs:
    """DER: OCSPResponse, CertificateList, and certificates that verify them. Nothing stands twice."""

    ocsp_responses: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    certificates: tuple[bytes, ...]


class LocalStatusProofs:
    """Proofs from this installation's own records; nothing is fetched.

    :param clock: the present, aware UTC.
    :param sleep: blocks for so many seconds.
    """

    def __init__(
        self,
        records: Records,
        responder: OcspResponder,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._records, self._responder = records, responder
        self._clock, self._sleep = clock, sleep

    def proofs(self, chain: Sequence[bytes], *, not_before: datetime) -> RevocationProofs:
        """Proofs for each certificate of `chain` (DER, leaf first, without the root).

        Our own leaves get an OCSP answer whose thisUpdate is at or after `not_before`: times are whole seconds, so this
        may wait for the next one. Our issuing authority and other issuers' certificates get the latest list, as fresh
        as it is; one that is over is no proof.

        :raise StatusProofUnavailable: for one of them.
        """
        with self._records.reading() as session:
            known = issuers(session)
        responses: list[bytes] = []
        lists: list[bytes] = []
        certificates: list[bytes] = []
        for der in chain:
            certificate = _parsed(der)
            issuer = next((each for each in known if issued_by(certificate, each.certificate)), None)
            if issuer is None:
                raise _unavailable(der, "its issuer is not known here")
            if issuer.role == ISSUING:
                responses.append(self._answer(der, certificate, issuer, not_before))
                signer = self._responder.signer_certificate()
                certificates.extend([] if signer is None else [signer])
            else:
                lists.append(self._list(der, issuer))
            if issuer.parent is not None:
                certificates.append(issuer.der)
        return RevocationProofs(ocsp_responses=_once(responses), crls=_once(lists), certificates=_once(certificates))

    def _answer(self, der: bytes, certificate: x509.Certificate, issuer: Issuer, not_before: datetime) -> bytes:
        at = self._clock()
        wait = _next_second(not_before) - at if at.replace(microsecond=0) < not_before else timedelta(0)
        if wait > _LONGEST_WAIT:
            raise _unavailable(der, "a proof is wanted for an instant to come")
        while at.replace(microsecond=0) < not_before:
            self._sleep(max((_next_second(not_before) - at).total_seconds(), 0.001))
            at = self._clock()
        response = self._responder.answer(build_ocsp_request(certificate, issuer), at=at)
        parsed = ocsp.load_der_ocsp_response(response)
        if parsed.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise _unavailable(der, "the responder has no answer")
        if parsed.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            raise _unavailable(der, "the responder does not know it")
        return response

    def _list(self, der: bytes, issuer: Issuer) -> bytes:
        with self._records.reading() as session:
            found = latest_list(session, issuer.id)
        whose = "our root" if issuer.kind is IssuerKind.EMBEDDED else issuer.name
        if found is None:
            raise _unavailable(der, f"there is no revocation list of {whose}")
        if found.next_update < self._clock():
            raise _unavailable(der, f"the revocation list of {whose} is over")
        return found.der


def _parsed(der: bytes) -> x509.Certificate:
    try:
        return parse_certificate(der)
    except CertificateRefused as error:
        raise _unavailable(der, "it cannot be read") from error


def _next_second(instant: datetime) -> datetime:
    """`instant` itself if it is a whole second, else the next one."""
    cut = instant.replace(microsecond=0)
    return cut if cut == instant else cut + timedelta(seconds=1)


def _unavailable(der: bytes, said: str) -> StatusProofUnavailable:
    return StatusProofUnavailable(hashlib.sha256(der).hexdigest(), said)


def _once(ders: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(ders))
