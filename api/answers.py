"""What the responders answer with: certificate status, lists, time-stamps, authority certificates. All DER."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from api.problems import NotFound
from api.settings import Settings
from api.time_stamps import LocalTimeStamps
from pki.ca.issuers import issuer_by_id
from pki.ca.keyring import Keyring
from pki.records import Records
from pki.status.lists import latest_list
from pki.status.ocsp import OcspResponder


class Answers:
    """The answers of one installation. Safe for many threads."""

    def __init__(self, settings: Settings, records: Records, keyring: Keyring) -> None:
        self.max_der_bytes = settings.max_der_bytes
        self._records = records
        self.ocsp = OcspResponder(records, keyring)
        self.time_stamps = LocalTimeStamps(settings, records, keyring)

    def answer_ocsp(self, request: bytes, at: datetime) -> bytes:
        """DER OCSPResponse to a DER request."""
        return self.ocsp.answer(request, at=at)

    def answer_time_stamp(self, request: bytes, at: datetime) -> bytes:
        """DER TimeStampResp to a DER request."""
        return self.time_stamps.answer(request, at=at)

    def revocation_list(self, issuer: UUID) -> bytes:
        """The newest list of an issuer, DER.

        :raise NotFound: none.
        """
        with self._records.reading() as session:
            found = latest_list(session, issuer)
        if found is None:
            raise NotFound("revocation list", str(issuer))
        return found.der

    def issuer_certificate(self, issuer: UUID) -> bytes:
        """The certificate of an issuer, DER.

        :raise IssuerUnknown: none.
        """
        with self._records.reading() as session:
            return issuer_by_id(session, issuer).der
