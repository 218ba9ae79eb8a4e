"""The service's own time-stamp authority, to its responders and to its signatures."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from api.settings import Clock, Settings
from hsm.errors import HsmError
from pki.ca.certificates import service_certificate
from pki.ca.errors import IssuerUnknown
from pki.ca.issuers import issuer_chain
from pki.ca.keyring import TSA, Keyring
from pki.errors import PkiError
from pki.records import Records
from pki.tsa.authority import TimeStampAuthority
from pki.tsa.clock import ClockGuard, KernelClockGuard, Unguarded
from pki.tsa.requests import TsaPolicy
from signer.pades.errors import TimeStampUnavailable


class LocalTimeStamps:
    """One time-stamping unit under the key of role `tsa`. Its certificate is read at the first use."""

    def __init__(self, settings: Settings, records: Records, keyring: Keyring) -> None:
        self._records, self._keyring = records, keyring
        self._policy = TsaPolicy(policy_oid=settings.tsa_policy_oid)
        self._guard: ClockGuard = (
            Unguarded(settings.environment.value) if settings.clock is Clock.UNGUARDED else KernelClockGuard()
        )
        self._authority: TimeStampAuthority | None = None
        self._lock = threading.Lock()

    def answer(self, request: bytes, *, at: datetime) -> bytes:
        """DER TimeStampResp to a DER request; refusals are answers, too."""
        return self._opened().answer(request, at=at)

    def stamp(self, imprint: bytes) -> bytes:
        """DER TimeStampToken over a SHA-256 digest, of this very instant.

        :raise TimeStampUnavailable: none was made.
        """
        try:
            return self._opened().token(imprint, at=datetime.now(UTC))
        except (PkiError, HsmError) as error:
            raise TimeStampUnavailable(str(error)) from error

    def _opened(self) -> TimeStampAuthority:
        with self._lock:
            if self._authority is None:
                self._authority = self._open()
            return self._authority

    def _open(self) -> TimeStampAuthority:
        with self._records.reading() as session:
            certificate = service_certificate(session, TSA)
            if certificate is None:
                raise IssuerUnknown(TSA)
            chain = issuer_chain(session, certificate.issuer)
        return TimeStampAuthority(
            key=self._keyring.key(TSA),
            certificate=certificate.der,
            chain=chain,
            policy=self._policy,
            clock_guard=self._guard,
        )
