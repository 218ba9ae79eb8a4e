"""Statements of EN 319 412-5, and the approvals without which the first two are refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from hsm.prepared.der import object_identifier, sequence, tlv

from .profile import QcStatement

QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE, _QC_SSCD = object_identifier("0.4.0.1862.1.1"), object_identifier("0.4.0.1862.1.4")
_QC_TYPE, _QC_LEGISLATION = object_identifier("0.4.0.1862.1.6"), object_identifier("0.4.0.1862.1.7")
_ENCODED = {
    QcStatement.COMPLIANCE: sequence(_QC_COMPLIANCE),
    QcStatement.SSCD: sequence(_QC_SSCD),
    QcStatement.ESIGN: sequence(_QC_TYPE, sequence(object_identifier("0.4.0.1862.1.6.1"))),
    QcStatement.ESEAL: sequence(_QC_TYPE, sequence(object_identifier("0.4.0.1862.1.6.2"))),
    QcStatement.LEGISLATION_MA: sequence(_QC_LEGISLATION, sequence(tlv(0x13, b"MA"))),
}


class ApprovalKind(StrEnum):
    """What the national authority approved."""

    CERTIFICATES = "certificates"
    """This provider's qualified certificates (decree 2-22-687, art. 15)."""
    DEVICE = "device"
    """The signature-creation device (art. 9)."""


NEEDS = {QcStatement.COMPLIANCE: ApprovalKind.CERTIFICATES, QcStatement.SSCD: ApprovalKind.DEVICE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A decision of the national authority. Both instants are inside its period."""

    kind: ApprovalKind
    decision: str
    not_before: datetime
    not_after: datetime

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at that instant."""
        return self.not_before <= at <= self.not_after


def qc_statements(statements: Iterable[QcStatement]) -> x509.UnrecognizedExtension:
    """The qcStatements extension."""
    return x509.UnrecognizedExtension(QC_STATEMENTS, sequence(*(_ENCODED[each] for each in statements)))


def claims(certificate: x509.Certificate, statement: QcStatement) -> bool:
    """Whether a certificate makes that statement. Looks at bytes, so that no spelling of it is missed."""
    for extension in certificate.extensions:
        if extension.oid == QC_STATEMENTS and isinstance(extension.value, x509.UnrecognizedExtension):
            return _ENCODED[statement][2:] in extension.value.value
    return False
