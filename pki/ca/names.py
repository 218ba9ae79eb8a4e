"""Names in certificates: a person's (EN 319 412-2, 4.2.4) and the service's own (EN 319 412-3, 4.2.1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from pki.trust.marks import TEST_WORD, Environment

from .errors import SubjectRefused

COUNTRY = "MA"
_NATIONAL_ID = re.compile(r"[A-Z]{1,2}[0-9]{1,8}")
_ORGANISATION_ID = re.compile(r"[A-Z]{3}[A-Z]{2}-[A-Z0-9/.-]{1,40}")
REHEARSAL_ORGANISATION_ID = "NTRMA-TEST"
_MOST = 64  # RFC 5280, appendix A.1: ub-common-name, ub-organization-name


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderSubject:
    """The person a certificate names, in Latin letters.

    When the register keeps one Latin name only, its first word is the given name and the rest the surname.
    """

    name_latin: str
    cin: str
    """National identity number, e.g. BE123456. Stands in the certificate as IDCMA-BE123456."""
    given_name: str | None = None
    surname: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who runs the authority, as its certificates name it (decree 2-22-687, art. 2: name, state, number)."""

    name: str
    identifier: str
    """EN 319 412-1, 5.1.4: NTRMA-<trade register number>."""

    @classmethod
    def of(cls, name: str, identifier: str | None, environment: Environment) -> Organisation:
        """The organisation; a rehearsal may leave its number out.

        :raise SubjectRefused: production without a number, or a malformed one.
        """
        if identifier is None and environment is Environment.REHEARSAL:
            identifier = REHEARSAL_ORGANISATION_ID
        if identifier is None or not _ORGANISATION_ID.fullmatch(identifier):
            raise SubjectRefused("organisation identifier", "must be like NTRMA-123456")
        return cls(name=_checked("organisation", name), identifier=identifier)


def holder_name(subject: HolderSubject) -> x509.Name:
    """The distinguished name of a holder.

    :raise SubjectRefused: an empty or overlong part, a control character, a national number out of form.
    """
    common = _checked("name", subject.name_latin)
    first, _, rest = common.partition(" ")
    given = _checked("given name", subject.given_name or (first if rest else ""), may_be_empty=True)
    surname = _checked("surname", subject.surname or rest or first)
    cin = subject.cin.upper()
    if not _NATIONAL_ID.fullmatch(cin):
        raise SubjectRefused("national number", "must be one or two letters and digits")
    parts = [
        (NameOID.COUNTRY_NAME, COUNTRY),
        (NameOID.COMMON_NAME, common),
        (NameOID.SURNAME, surname),
        (NameOID.GIVEN_NAME, given),
        (NameOID.SERIAL_NUMBER, f"IDC{COUNTRY}-{cin}"),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def service_name(organisation: Organisation, title: str, environment: Environment) -> x509.Name:
    """The distinguished name of one of the service's keys; in a rehearsal it says TEST."""
    title = f"{title} {TEST_WORD}" if environment is Environment.REHEARSAL else title
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, COUNTRY),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation.name),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, organisation.identifier),
            x509.NameAttribute(NameOID.COMMON_NAME, title),
        ]
    )


def hides_something(text: str) -> bool:
    """Whether a text holds control or formatting characters, bidirectional ones among them."""
    return any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} for character in text)


def _checked(field: str, value: str, *, may_be_empty: bool = False) -> str:
    # THREAT: a name that reads as another one: bidirectional controls, zero-width letters, padding.
    # DEFENCE: no control or formatting character, one space between words, a bounded length.
    # TEST: tests/pki/ca/test_names.py::test_hidden_characters_are_refused
    if hides_something(value):
        raise SubjectRefused(field, "holds a control character")
    text = unicodedata.normalize("NFC", " ".join(value.split()))
    if not text and not may_be_empty:
        raise SubjectRefused(field, "is empty")
    if len(text) > _MOST:
        raise SubjectRefused(field, f"is longer than {_MOST} characters")
    return text
