"""Errors as HTTP problems (RFC 9457): the one place where a refusal of the domain meets a status code.

The table names each leaf of every package's tree; a test keeps it complete. What is not in it is a plain
500 with a reference, and its story goes to the log only.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from api.auth import errors as auth
from hsm import errors as hsm
from hsm.cryptoki import errors as cryptoki
from hsm.prepared import errors as prepared
from pki import tickets
from pki.ca import errors as ca
from pki.quota import errors as quota
from pki.quota.alerts import errors as alerts
from pki.quota.devices import errors as devices
from pki.quota.elections import errors as elections
from pki.quota.grants import errors as grants
from pki.quota.rollout import errors as rollout
from pki.registration import errors as registration
from pki.status import errors as status
from pki.trust import errors as trust
from pki.tsa import errors as tsa
from signer.ceremonies import errors as ceremonies
from signer.dossiers import errors as dossiers
from signer.errors import SignerError
from signer.pades import errors as pades
from signer.rendering import errors as rendering
from signer.verification import errors as verification

PROBLEM_JSON = "application/problem+json"
log = logging.getLogger("khatam.problems")


class BorderError(Exception):
    """A request that is refused before any act was called. Nothing was done."""


class KeyReused(BorderError):
    """An Idempotency-Key that came before with another request."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came before with another request. Nothing was done: a new act needs a new key."
        )


class KeyMalformed(BorderError):
    """An Idempotency-Key that is empty or too long."""

    def __init__(self) -> None:
        super().__init__("An Idempotency-Key has 8 to 200 visible characters. Nothing was done.")


class RequestInProgress(BorderError):
    """The same request is being answered at this moment."""

    def __init__(self) -> None:
        super().__init__("The same request is being worked on. Nothing was done twice: ask again in a moment.")


class NotFound(BorderError):
    """No such thing under that identifier, or none that this caller may see."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no {kind} {name} here. Nothing was done.")
        self.kind = kind
        self.name = name


class Malformed(BorderError):
    """A value that no schema could refuse."""

    def __init__(self, said: str, pointer: str) -> None:
        super().__init__(f"{said} Nothing was done.")
        self.pointer = pointer


class PdfTooComplex(SignerError):
    """A worker hung, crashed or ran out of memory over a file."""

    def __init__(self) -> None:
        super().__init__(
            "The PDF could not be worked on within the limits of time and memory. Nothing was stored or signed: "
            "print the document to a new PDF and send that."
        )


Row = tuple[int, str]

PROBLEMS: dict[type[Exception], Row] = {
    auth.CredentialsMissing: (401, "credentials-missing"),
    auth.CredentialsRefused: (401, "credentials-refused"),
    auth.NotPermitted: (403, "not-permitted"),
    auth.TerritoryRefused: (422, "territory-refused"),
    auth.SecondOfficerRefused: (403, "second-officer-refused"),
    auth.ClientRefused: (401, "client-refused"),
    auth.GrantRefused: (400, "grant-refused"),
    auth.ProofRefused: (401, "dpop-proof-refused"),
    auth.AgentTooOld: (426, "agent-too-old"),
    auth.EnrolmentProofRefused: (422, "enrolment-proof-refused"),
    KeyReused: (422, "idempotency-key-reused"),
    KeyMalformed: (400, "idempotency-key-malformed"),
    RequestInProgress: (409, "request-in-progress"),
    NotFound: (404, "not-found"),
    Malformed: (422, "request-malformed"),
    PdfTooComplex: (422, "pdf-too-complex"),
    hsm.PinRefused: (503, "device-pin-refused"),
    hsm.PinLastTry: (503, "device-pin-last-try"),
    hsm.PinLocked: (503, "device-pin-locked"),
    hsm.PinRequired: (503, "device-pin-required"),
    hsm.DeviceUnavailable: (503, "device-unavailable"),
    hsm.DeviceMismatch: (503, "device-mismatch"),
    hsm.DeviceTimeout: (503, "device-timeout"),
    hsm.KeyNotFound: (503, "device-key-not-found"),
    hsm.MechanismUnsupported: (503, "mechanism-unsupported"),
    hsm.SoftwareKeysRefused: (503, "software-keys-refused"),
    cryptoki.DeviceRefused: (503, "device-refused"),
    cryptoki.KeysConfigRefused: (503, "keys-config-refused"),
    prepared.IncrementRefused: (500, "increment-refused"),
    prepared.ManifestRefused: (500, "manifest-refused"),
    registration.BodyExists: (409, "body-exists"),
    registration.BodyKindRefused: (422, "body-kind-refused"),
    registration.BodyUnknown: (404, "body-unknown"),
    registration.ContactRefused: (422, "contact-refused"),
    registration.MailboxExists: (409, "mailbox-exists"),
    registration.MailboxStateRefused: (409, "mailbox-state-refused"),
    registration.MailboxUnknown: (404, "mailbox-unknown"),
    registration.DelegationExists: (409, "delegation-exists"),
    registration.DeclarationUnknown: (404, "declaration-unknown"),
    registration.DelegationRefused: (422, "delegation-refused"),
    registration.DelegationUnknown: (404, "delegation-unknown"),
    registration.FindingRefused: (422, "finding-refused"),
    registration.FindingUnknown: (404, "finding-unknown"),
    registration.HolderInOffice: (409, "holder-in-office"),
    registration.ProposalDecided: (409, "proposal-decided"),
    registration.ProposalDiffers: (409, "proposal-differs"),
    registration.ProposalUnknown: (404, "proposal-unknown"),
    registration.SecondOfficerNeeded: (409, "second-officer-needed"),
    registration.SelfConfirmation: (403, "self-confirmation"),
    registration.EndBeforeStart: (422, "end-before-start"),
    registration.FunctionNotInBody: (422, "function-not-in-body"),
    registration.HolderExists: (409, "holder-exists"),
    registration.HolderUnknown: (404, "holder-unknown"),
    registration.ImportRefused: (422, "import-refused"),
    registration.ScanRefused: (422, "scan-refused"),
    registration.ScanUnknown: (404, "scan-unknown"),
    registration.NameRefused: (422, "name-refused"),
    registration.NationalIdMalformed: (422, "national-id-malformed"),
    registration.NationalIdUnreadable: (500, "national-id-unreadable"),
    registration.OfficeMissing: (422, "office-missing"),
    registration.OfficeOccupied: (409, "office-occupied"),
    registration.OfficeUnknown: (404, "office-unknown"),
    registration.ProvinceUnknown: (404, "province-unknown"),
    registration.RankRefused: (422, "rank-refused"),
    tickets.AgentSessionRefused: (401, "agent-session-refused"),
    tickets.TicketExpired: (410, "ticket-expired"),
    tickets.TicketStolen: (409, "ticket-stolen"),
    tickets.TicketUnknown: (404, "ticket-unknown"),
    ceremonies.AttributesDiffer: (422, "attributes-differ"),
    ceremonies.CeremonyEnded: (409, "ceremony-ended"),
    ceremonies.CeremonyUnknown: (404, "ceremony-unknown"),
    ceremonies.DisplayReceiptMissing: (409, "display-receipt-missing"),
    ceremonies.DisplayReceiptRefused: (422, "display-receipt-refused"),
    ceremonies.ItemRefused: (409, "item-refused"),
    ceremonies.ItemUnknown: (404, "item-unknown"),
    ceremonies.KeyChanged: (409, "key-changed"),
    ceremonies.LeaseLapsed: (409, "lease-lapsed"),
    ceremonies.MixedCapacities: (422, "mixed-capacities"),
    ceremonies.NotEntitled: (403, "not-entitled"),
    ceremonies.NothingLeft: (409, "nothing-to-sign"),
    ceremonies.NothingToSign: (409, "nothing-to-sign"),
    ceremonies.TooManyDocuments: (422, "too-many-documents"),
    ceremonies.ValueForAnotherItem: (422, "value-for-another-item"),
    ceremonies.ValueRefused: (422, "value-refused"),
    dossiers.AlreadySignedBySigner: (409, "already-signed-by-signer"),
    dossiers.BindingOpinionMissing: (409, "binding-opinion-missing"),
    dossiers.BindingOpinionNotFavourable: (409, "binding-opinion-not-favourable"),
    dossiers.BodyMayNotDecide: (422, "body-may-not-decide"),
    dossiers.CommitteeUnknown: (409, "committee-unknown"),
    dossiers.DocumentComplete: (409, "document-complete"),
    dossiers.DocumentLeased: (409, "document-leased"),
    dossiers.DocumentOutdated: (409, "document-outdated"),
    dossiers.DocumentSuperseded: (409, "document-superseded"),
    dossiers.DocumentUnknown: (404, "document-unknown"),
    dossiers.DossierDecided: (409, "dossier-decided"),
    dossiers.DossierExists: (409, "dossier-exists"),
    dossiers.DossierUnknown: (404, "dossier-unknown"),
    dossiers.FileVersionNotHead: (409, "file-version-not-head"),
    dossiers.FilesUnread: (409, "files-unread"),
    dossiers.HeadMoved: (409, "head-moved"),
    dossiers.HolderUnknown: (404, "holder-unknown"),
    dossiers.MinutesIncomplete: (409, "minutes-incomplete"),
    dossiers.MinutesStand: (409, "minutes-stand"),
    dossiers.NoCommittee: (409, "no-committee"),
    dossiers.NotALicence: (409, "not-a-licence"),
    dossiers.NotCommitteeMember: (422, "not-committee-member"),
    dossiers.NotThisDocumentsSigner: (409, "not-this-documents-signer"),
    dossiers.OneOpinionPerPerson: (409, "one-opinion-per-person"),
    dossiers.OpinionReasonsMissing: (422, "opinion-reasons-missing"),
    dossiers.OpinionStands: (409, "opinion-stands"),
    dossiers.OpinionsMissing: (409, "opinions-missing"),
    dossiers.OwnPdfSigned: (422, "own-pdf-signed"),
    dossiers.ReferencesExhausted: (503, "references-exhausted"),
    dossiers.RefusalReasonsMissing: (422, "refusal-reasons-missing"),
    dossiers.StatusCorrected: (409, "status-corrected"),
    dossiers.TextRefused: (422, "text-refused"),
    dossiers.TrackRefused: (422, "track-refused"),
    verification.TrustRefused: (500, "trust-refused"),
    verification.WorkersStopped: (503, "workers-stopped"),
    quota.AgreementExists: (409, "agreement-exists"),
    quota.AgreementUnknown: (404, "agreement-unknown"),
    quota.TierTableRefused: (422, "tier-table-refused"),
    quota.RegionUnknown: (404, "region-unknown"),
    quota.RegionAlreadyOpen: (409, "region-already-open"),
    quota.BodiesAlreadyOpen: (409, "bodies-already-open"),
    quota.ScopeRefused: (422, "scope-refused"),
    quota.CensusNotLoaded: (409, "census-not-loaded"),
    quota.SeatCeilingReached: (409, "seat-ceiling-reached"),
    quota.PurchasesExhausted: (409, "purchases-exhausted"),
    quota.WaveNotOpen: (409, "wave-not-open"),
    quota.AllowanceExhausted: (409, "allowance-exhausted"),
    quota.AgreementSucceeded: (409, "agreement-succeeded"),
    quota.OrderAlreadyOpen: (409, "order-already-open"),
    quota.OrderUnknown: (404, "order-unknown"),
    quota.OrderStateRefused: (409, "order-state-refused"),
    quota.LossLongAgo: (403, "loss-long-ago"),
    quota.ReplacementRefused: (422, "replacement-refused"),
    quota.OfficeNotCurrent: (409, "office-not-current"),
    quota.OfficeNotOver: (409, "office-not-over"),
    quota.PayerRefused: (422, "payer-refused"),
    quota.RequestsMissing: (409, "requests-missing"),
    quota.SelfApproval: (403, "self-approval"),
    quota.ApprovalDigestDiffers: (409, "approval-digest-differs"),
    quota.ApprovalUsed: (409, "approval-used"),
    quota.ApprovalMissing: (409, "approval-missing"),
    quota.CertificatesDiffer: (422, "certificates-differ"),
    quota.CertificateMismatch: (422, "certificate-mismatch"),
    quota.KeyEvidenceRefused: (422, "key-evidence-refused"),
    quota.UnlockRefused: (422, "unlock-refused"),
    quota.UnlockSecretsMissing: (409, "unlock-secrets-missing"),
    quota.ReleaseUnknown: (404, "release-unknown"),
    quota.ReleaseUnreadable: (500, "release-unreadable"),
    quota.NoUsableKey: (409, "no-usable-key"),
    grants.ProposalUnknown: (404, "proposal-unknown"),
    grants.ProposalDecided: (409, "proposal-decided"),
    grants.OwnProposal: (403, "own-proposal"),
    grants.ProposalChanged: (409, "proposal-changed"),
    grants.NotDueYet: (409, "not-due-yet"),
    grants.CentralOfficerNeeded: (403, "central-officer-needed"),
    grants.CensusUnknown: (404, "census-unknown"),
    grants.CensusInForce: (409, "census-in-force"),
    grants.TiersInForce: (409, "tiers-in-force"),
    grants.SuccessionRefused: (422, "succession-refused"),
    grants.TransferRefused: (422, "transfer-refused"),
    grants.SeatsInUse: (409, "seats-in-use"),
    grants.CeilingBelowGranted: (409, "ceiling-below-granted"),
    grants.AmendmentExists: (409, "amendment-exists"),
    grants.AmendmentEmpty: (422, "amendment-empty"),
    grants.PurchaseNotUsed: (409, "purchase-not-used"),
    rollout.CommitteeExists: (409, "rollout-committee-exists"),
    rollout.RolloutTerritoryUnknown: (404, "rollout-territory-unknown"),
    rollout.RolloutRecordUnknown: (404, "rollout-record-unknown"),
    rollout.RolloutRecordInUse: (409, "rollout-record-in-use"),
    rollout.RolloutDatesRefused: (422, "rollout-dates-refused"),
    rollout.PersonRefused: (422, "person-refused"),
    rollout.BodyNotRolledOut: (422, "body-not-rolled-out"),
    rollout.MonthRefused: (422, "month-refused"),
    rollout.ReportUnknown: (404, "report-unknown"),
    devices.StoreUnknown: (404, "device-store-unknown"),
    devices.BatchDiffers: (409, "device-batch-differs"),
    devices.SerialsRefused: (422, "serials-refused"),
    devices.DayRefused: (422, "device-day-refused"),
    devices.DevicesNotThere: (409, "devices-not-there"),
    devices.DevicesAmbiguous: (409, "devices-ambiguous"),
    devices.DevicesRefused: (409, "devices-refused"),
    devices.DeviceNotUsable: (409, "device-not-usable"),
    devices.DeviceUnknown: (404, "device-unknown"),
    devices.HandoverUnknown: (404, "device-handover-unknown"),
    devices.HandoverClosed: (409, "device-handover-closed"),
    devices.HandoverToItself: (422, "device-handover-to-itself"),
    devices.OwnHandover: (403, "own-device-handover"),
    alerts.AlertUnknown: (404, "alert-unknown"),
    alerts.AlertClosed: (409, "alert-closed"),
    alerts.SnoozeRefused: (422, "snooze-refused"),
    elections.PlanExists: (409, "election-plan-exists"),
    elections.PlanUnknown: (404, "election-plan-unknown"),
    elections.CouncilMissing: (422, "council-missing"),
    elections.CouncilAlreadyFrozen: (409, "council-already-frozen"),
    elections.CouncilNotFrozen: (409, "council-not-frozen"),
    elections.CouncilAlreadySeated: (409, "council-already-seated"),
    elections.OfficialsMissing: (409, "officials-missing"),
    elections.ElectionDayRefused: (422, "election-day-refused"),
    ca.CsrRefused: (422, "csr-refused"),
    ca.ProfileRefused: (500, "profile-refused"),
    ca.SubjectRefused: (422, "subject-refused"),
    ca.LintRefused: (500, "lint-refused"),
    ca.KeyAlreadyCertified: (409, "key-already-certified"),
    ca.IntentUnknown: (404, "intent-unknown"),
    ca.IntentAbandoned: (409, "intent-abandoned"),
    ca.AlreadyRedeemed: (409, "already-redeemed"),
    ca.PreparedBytesDiffer: (500, "prepared-bytes-differ"),
    ca.IssuerUnknown: (404, "issuer-unknown"),
    ca.AuthorityMismatch: (500, "authority-mismatch"),
    ca.SignatureWrong: (503, "signature-wrong"),
    ca.CertificateUnknown: (404, "certificate-unknown"),
    ca.CertificateRefused: (422, "certificate-refused"),
    pades.IntakeRefused: (422, "pdf-refused"),
    pades.FieldUnknown: (422, "field-unknown"),
    pades.FieldSigned: (409, "field-signed"),
    pades.FieldsRefused: (422, "fields-refused"),
    pades.PdfUnreadable: (422, "pdf-unreadable"),
    pades.SignatureTooLarge: (500, "signature-too-large"),
    pades.SignatureMismatch: (500, "signature-mismatch"),
    pades.AlgorithmUnsuitable: (422, "algorithm-unsuitable"),
    pades.TimeStampUnavailable: (503, "time-stamp-unavailable"),
    pades.StatusProofUnavailable: (503, "status-proof-unavailable"),
    rendering.FactsRefused: (422, "facts-refused"),
    rendering.LayoutFailed: (500, "layout-failed"),
    status.AlreadyBlocked: (409, "already-blocked"),
    status.NotBlocked: (409, "not-blocked"),
    status.LossInFuture: (422, "loss-in-future"),
    status.LossBeforeKey: (422, "loss-before-key"),
    status.LossToldLater: (409, "loss-told-later"),
    status.AlreadyRevoked: (409, "already-revoked"),
    status.RevocationNotOurs: (409, "revocation-not-ours"),
    status.CrlRefused: (422, "crl-refused"),
    status.IssuerRefused: (422, "issuer-refused"),
    status.StatusProofUnavailable: (503, "status-proof-unavailable"),
    trust.AnchorRefused: (422, "anchor-refused"),
    trust.ChainRefused: (422, "chain-refused"),
    tsa.TimeStampRefused: (400, "time-stamp-refused"),
    tsa.ClockUnsure: (503, "clock-unsure"),
    tsa.UnguardedRefused: (500, "unguarded-refused"),
    tsa.TsaCertificateRefused: (503, "tsa-certificate-refused"),
}

STATUS_CODES: dict[int, str] = {
    400: "request-malformed",
    401: "credentials-missing",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "request-timeout",
    411: "length-required",
    413: "body-too-large",
    415: "content-type-unsupported",
    422: "request-malformed",
    429: "too-many-requests",
    431: "headers-too-large",
    500: "internal-error",
    503: "unavailable",
}

_RESERVED = frozenset({"type", "title", "status", "detail", "instance", "code", "errors", "problem"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem, ready to be sent."""

    status: int
    code: str
    detail: str
    instance: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON object of RFC 9457, 3."""
        members = {
            "type": f"urn:khatam:problem:{self.code}",
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "instance": self.instance,
            **self.fields,
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def row_of(error: Exception) -> Row | None:
    """The table's row for the error's class, or for the nearest class above it."""
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), None)


def problem_of(error: Exception, *, instance: str) -> Problem:
    """The problem that an error of ours becomes; an error without a row is an internal one."""
    row = row_of(error)
    if row is None:
        return internal(error, instance=instance)
    status, code = row
    if isinstance(error, quota.NoUsableKey | ceremonies.NotEntitled):
        code = error.problem
    headers: dict[str, str] = {}
    if status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = 'DPoP algs="ES256"' if isinstance(error, auth.ProofRefused) else "Bearer"
    if isinstance(error, RequestInProgress) or getattr(error, "retriable", False) is True:
        headers["Retry-After"] = "1"
    said = str(error) or (type(error).__doc__ or code).split("\n")[0]
    return Problem(status=status, code=code, detail=said, instance=instance, fields=_fields(error), headers=headers)


def refused(status: int, detail: str, *, instance: str, fields: Mapping[str, Any] | None = None) -> Problem:
    """A problem of HTTP itself: 404, 405, 413, 415 …"""
    code = STATUS_CODES.get(status, "request-malformed" if status < 500 else "internal-error")  # noqa: PLR2004
    return Problem(status=status, code=code, detail=detail, instance=instance, fields=fields or {})


def unreadable(errors: Iterable[Any], *, instance: str) -> Problem:
    """A body or query that its schema refuses, each place with its JSON pointer (RFC 6901)."""
    places = [
        {"pointer": _pointer(each["loc"]), "in": str(each["loc"][0]) if each["loc"] else "body", "said": each["msg"]}
        for each in errors
    ]
    first = places[0] if places else {"pointer": "", "said": "not readable"}
    detail = f"The request is not as described ({first['pointer'] or '/'}: {first['said']}). Nothing was done."
    return refused(422, detail, instance=instance, fields={"errors": places})


def internal(error: BaseException, *, instance: str) -> Problem:
    """A 500 with a reference; what happened stands in the log under it."""
    reference = secrets.token_hex(6)
    log.error("internal error, reference %s, at %s", reference, instance, exc_info=error)
    detail = (
        "Something went wrong here, not in the request. What was being done is finished or released by the service "
        f"itself; if asking again does not help, tell the operator the reference {reference}."
    )
    fields = {"reference": reference}
    return Problem(status=500, code="internal-error", detail=detail, instance=instance, fields=fields)


def _pointer(loc: Iterable[object]) -> str:
    parts = list(loc)[1:]
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _fields(error: Exception) -> dict[str, Any]:
    """Public attributes of the error that JSON can carry; they never repeat a standard member."""
    names = set(getattr(error, "__dict__", {}))
    for kind in type(error).__mro__:
        slots = getattr(kind, "__slots__", ())
        names |= {slots} if isinstance(slots, str) else set(slots)
    found: dict[str, Any] = {}
    for name in sorted(names):
        if name.startswith("_") or name in _RESERVED or not hasattr(error, name):
            continue
        try:
            found[name] = _json(getattr(error, name))
        except TypeError:
            continue
    return found


def _json(value: object) -> object:
    match value:
        case Enum():
            return _json(value.value)
        case None | bool() | int() | float() | str():
            return value
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            return [_json(each) for each in value]
    raise TypeError
