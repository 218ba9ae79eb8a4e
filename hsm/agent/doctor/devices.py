"""The doctor's look at devices and at the certificates in them: flags and public objects, no login."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID

from hsm.agent.codes import HelpDesk
from hsm.errors import HsmError

from .findings import Finding, Level, fail, good, warn

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo
    from hsm.cryptoki.objects import StoredCertificate

ENDS_SOON = timedelta(days=30)
SIGNATURE = "signature"


class Shelf(Protocol):
    """Whatever reads a device's certificates."""

    def read_certificates(self, device: "DeviceInfo") -> Sequence["StoredCertificate"]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A certificate of a device, as far as a person needs it."""

    whose: str
    kind: str
    since: datetime
    until: datetime


def named(device: "DeviceInfo") -> str:
    """The device as people know it."""
    return f"{device.label} ({device.serial})"


def examine_device(device: "DeviceInfo") -> Finding:
    """What the device says of its PIN: the gravest of it."""
    name = named(device)
    if not device.initialised:
        return warn("device", "device-empty", HelpDesk.DEVICE_UNREADY)
    for said, graveness, key, code in (
        (device.pin_locked, fail, "pin-locked", HelpDesk.PIN_LOCKED),
        (not device.pin_set, fail, "pin-never-set", HelpDesk.PIN_TO_BE_CHANGED),
        (device.pin_to_be_changed, fail, "pin-to-be-changed", HelpDesk.PIN_TO_BE_CHANGED),
        (device.pin_final_try, warn, "pin-last-try", HelpDesk.PIN_LAST_TRY),
        (device.pin_count_low, warn, "pin-low", HelpDesk.PIN_WRONG),
    ):
        if said:
            return graveness("device", key, code, device=name)
    return good("device", "device-good", device=name)


def examine_certificates(shelf: Shelf, devices: Sequence["DeviceInfo"], now: datetime) -> Iterator[Finding]:
    """Each certificate; a device without one that can sign; an expired one is grave only where no other is good."""
    readable: list[tuple[DeviceInfo, list[_Seen]]] = []
    for device in devices:
        try:
            seen, spoilt = _seen(shelf.read_certificates(device))
        except HsmError:
            yield fail("certificate", "device-unreadable", HelpDesk.DEVICE_FAILED, device=named(device))
            continue
        if spoilt:
            yield warn("certificate", "certificate-unreadable", HelpDesk.NO_CERTIFICATE, device=named(device))
        readable.append((device, seen))
    another = any(_is_good(each, now) for _, found in readable for each in found)
    for device, found in readable:
        yield from _lacking(device, found, another=another)
        for each in found:
            yield _judged(each, now, another=another)


def _lacking(device: "DeviceInfo", found: list[_Seen], *, another: bool) -> Iterator[Finding]:
    graveness = warn if another else fail
    if not found:
        yield graveness("certificate", "certificate-none", HelpDesk.NO_CERTIFICATE, device=named(device))
    elif all(each.kind != SIGNATURE for each in found):
        kinds = ", ".join(sorted({each.kind for each in found}))
        code = HelpDesk.NOT_A_SIGNATURE_CERTIFICATE
        yield graveness("certificate", "certificate-no-signature", code, device=named(device), kind=kinds)


def _judged(seen: _Seen, now: datetime, *, another: bool) -> Finding:
    days = (seen.until - now).days
    fields = {"whose": seen.whose, "kind": seen.kind, "until": f"{seen.until:%Y-%m-%d}", "days": days}
    fields["since"] = f"{seen.since:%Y-%m-%d}"
    level = Level.WARN if another or seen.kind != SIGNATURE else Level.FAIL
    expired = HelpDesk.CERTIFICATE_EXPIRED
    if now > seen.until:
        return Finding(name="certificate", level=level, key="certificate-expired", code=expired, fields=fields)
    if now < seen.since:
        return Finding(name="certificate", level=level, key="certificate-early", code=expired, fields=fields)
    if seen.until - now < ENDS_SOON:
        return warn("certificate", "certificate-ends", expired, **fields)
    return good("certificate", "certificate-good", **fields)


def _is_good(seen: _Seen, now: datetime) -> bool:
    return seen.kind == SIGNATURE and seen.since <= now <= seen.until


def _seen(stored: Sequence["StoredCertificate"]) -> tuple[list[_Seen], int]:
    """Holders' certificates (an authority's are left out), and how many could not be read."""
    found, spoilt = [], 0
    for each in stored:
        try:
            certificate = x509.load_der_x509_certificate(each.der)
            kind = _kind(certificate)
            names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        except ValueError:
            spoilt += 1
            continue
        if kind is not None:
            since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            whose = str(names[0].value) if names else "?"
            found.append(_Seen(whose=whose, kind=kind, since=since, until=until))
    return found, spoilt


def _kind(certificate: x509.Certificate) -> str | None:
    """What it is for, by its key usage; None for an authority's own."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return "unknown"
    if usage.key_cert_sign:
        return None
    if usage.content_commitment:
        return SIGNATURE
    return "authentication" if usage.digital_signature else "unknown"
