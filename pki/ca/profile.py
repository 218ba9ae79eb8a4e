"""Certificate profiles: data, one TOML file each, checked when loaded. What a file does not say is not given."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from hsm.keys import KeyKind
from pki.trust.marks import TEST_POLICY, Environment

from .errors import ProfileRefused
from .keyring import ISSUING, ROOT

EKU_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
EKU_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"


class CertificatePurpose(StrEnum):
    """What a certificate is for."""

    SIGNATURE = "signature"
    AUTHENTICATION = "authentication"
    AUTHORITY = "authority"
    OCSP = "ocsp"
    TIME_STAMP = "time-stamp"
    MANIFEST = "manifest"
    SEAL = "seal"


class SubjectKind(StrEnum):
    """Whom it names."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Usage(StrEnum):
    """Bits of KeyUsage (RFC 5280, 4.2.1.3) that the room gives."""

    DIGITAL_SIGNATURE = "digital-signature"
    CONTENT_COMMITMENT = "content-commitment"
    KEY_CERT_SIGN = "key-cert-sign"
    CRL_SIGN = "crl-sign"


class StatusSource(StrEnum):
    """Where a reader learns whether the certificate was revoked."""

    OCSP = "ocsp"
    CRL = "crl"


class QcStatement(StrEnum):
    """Statements of EN 319 412-5. The first two call something qualified."""

    COMPLIANCE = "compliance"
    SSCD = "sscd"
    ESIGN = "esign"
    ESEAL = "eseal"
    LEGISLATION_MA = "legislation-ma"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How the certificates of one kind look."""

    name: str
    title: str
    """Common name of a service's certificate; empty for persons."""
    purpose: CertificatePurpose
    subject: SubjectKind
    signed_by: str
    """Role of the issuing key: root or issuing."""
    validity_days: int
    key_kinds: frozenset[KeyKind]
    key_usage: frozenset[Usage]
    extended_key_usage: tuple[str, ...]
    extended_key_usage_critical: bool
    ca: bool
    path_length: int | None
    """How many authorities may stand below. None: no bound."""
    ocsp_no_check: bool
    status: frozenset[StatusSource]
    qc_statements: tuple[QcStatement, ...]
    policies: Mapping[Environment, tuple[str, ...]]

    @property
    def self_signed(self) -> bool:
        """Whether it is the root's own."""
        return self.ca and self.purpose is CertificatePurpose.AUTHORITY and self.name == ROOT


_OPTIONAL: dict[str, object] = {
    "title": "",
    "extended_key_usage": [],
    "extended_key_usage_critical": False,
    "ca": False,
    "path_length": None,
    "ocsp_no_check": False,
    "status": [],
    "qc_statements": [],
}


@cache
def built_in_profiles() -> Mapping[str, Profile]:
    """The profiles of the package, by name.

    :raise ProfileRefused: one of them is broken: the service does not start.
    """
    folder = files("pki.ca") / "profiles"
    loaded = [parse_profile(file.read_text("utf-8"), name=file.name) for file in folder.iterdir()]
    return {profile.name: profile for profile in loaded}


def parse_profile(text: str, *, name: str) -> Profile:
    """Parse and check one profile; `name` is what errors call it.

    :raise ProfileRefused: an unknown or missing key, a value out of range, or values that contradict each other.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileRefused(name, f"it is not TOML ({error})") from error
    known = {field.name for field in fields(Profile)}
    strangers = sorted(written.keys() - known)
    if strangers:
        raise ProfileRefused(name, f"unknown key {', '.join(strangers)}")
    missing = sorted(known - _OPTIONAL.keys() - written.keys())
    if missing:
        raise ProfileRefused(name, f"missing key {', '.join(missing)}")
    try:
        profile = _profile({**_OPTIONAL, **written})
    except (TypeError, ValueError) as error:
        raise ProfileRefused(name, str(error)) from error
    for said in _contradictions(profile):
        raise ProfileRefused(name, said)
    return profile


def _profile(values: dict[str, Any]) -> Profile:
    policies = {Environment(key): tuple(_texts(oids)) for key, oids in dict(values["policies"]).items()}
    return Profile(
        name=_text(values["name"]),
        title=_text(values["title"]),
        purpose=CertificatePurpose(values["purpose"]),
        subject=SubjectKind(values["subject"]),
        signed_by=_text(values["signed_by"]),
        validity_days=_number(values["validity_days"]),
        key_kinds=frozenset(map(KeyKind, _texts(values["key_kinds"]))),
        key_usage=frozenset(map(Usage, _texts(values["key_usage"]))),
        extended_key_usage=tuple(_texts(values["extended_key_usage"])),
        extended_key_usage_critical=_flag(values["extended_key_usage_critical"]),
        ca=_flag(values["ca"]),
        path_length=None if values["path_length"] is None else _number(values["path_length"]),
        ocsp_no_check=_flag(values["ocsp_no_check"]),
        status=frozenset(map(StatusSource, _texts(values["status"]))),
        qc_statements=tuple(map(QcStatement, _texts(values["qc_statements"]))),
        policies=policies,
    )


def _contradictions(profile: Profile) -> list[str]:
    """What the values of a profile say against each other or against its standards."""
    usage, extended = profile.key_usage, profile.extended_key_usage
    rules = {
        "signed_by is root or issuing": profile.signed_by in {ROOT, ISSUING},
        "validity_days is at least 1": profile.validity_days >= 1,
        "key_kinds is empty": bool(profile.key_kinds),
        "key_usage is empty": bool(usage),
        "both environments need a policy": all(profile.policies.get(each) for each in Environment),
        "rehearsal needs the test policy": TEST_POLICY in profile.policies.get(Environment.REHEARSAL, ()),
        "the test policy is for rehearsals": TEST_POLICY not in profile.policies.get(Environment.PRODUCTION, ()),
        "a service's certificate needs a title": bool(profile.title) or profile.subject is SubjectKind.PERSON,
        "key-cert-sign is an authority's (RFC 5280, 4.2.1.9)": profile.ca == (Usage.KEY_CERT_SIGN in usage),
        "path_length is an authority's": profile.ca or profile.path_length is None,
        "a signature certificate has contentCommitment alone (EN 319 412-2, 4.3.2)": (
            profile.purpose is not CertificatePurpose.SIGNATURE or usage == {Usage.CONTENT_COMMITMENT}
        ),
        "timeStamping is alone and critical (RFC 3161, 2.3)": (
            EKU_TIME_STAMPING not in extended or (len(extended) == 1 and profile.extended_key_usage_critical)
        ),
        "ocsp_no_check is an OCSP signer's (RFC 6960, 4.2.2.2.1)": (
            not profile.ocsp_no_check or extended == (EKU_OCSP_SIGNING,)
        ),
    }
    return [said for said, holds in rules.items() if not holds]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return [_text(each) for each in value]


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"{value!r} is not a number from 0 up")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value
