"""What the register refuses."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pki.errors import PkiError
from pki.records import HolderId, OfficeId


class RegistrationError(PkiError):
    """A refusal of the register. Nothing was recorded."""


class BodyUnknown(RegistrationError):
    """No body of that code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"No body has the code {code}. Nothing was recorded: check the code, or register the body.")
        self.code = code


class BodyExists(RegistrationError):
    """The code is taken."""

    def __init__(self, code: str) -> None:
        super().__init__(f"A body with the code {code} is on record already. Nothing was recorded.")
        self.code = code


class ProvinceUnknown(RegistrationError):
    """No province of that code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"No province has the code {code}. Nothing was recorded: check the code.")
        self.code = code


class BodyKindRefused(RegistrationError):
    """Communes, arrondissements and provinces come from the official list only."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"A {kind} comes from the official territory. Nothing was recorded: load the territory.")
        self.kind = kind


class ImportRefused(RegistrationError):
    """A file that cannot be read as a whole."""

    def __init__(self, reason: str, row: int | None = None) -> None:
        where = "" if row is None else f" (row {row})"
        super().__init__(
            f"The file cannot be read{where}: {reason}. Nothing was recorded: correct the file, and send it again."
        )
        self.reason = reason
        self.row = row


class ScanRefused(RegistrationError):
    """A file that is no scan of a deed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The scan is refused: {reason}. Nothing was kept: scan the deed again as a PDF file.")
        self.reason = reason


class ScanUnknown(RegistrationError):
    """The body has no scan of that digest."""

    def __init__(self, body_code: str, sha256: str) -> None:
        super().__init__(f"The body {body_code} has no scan {sha256[:64]}. Nothing was recorded: send the scan first.")
        self.body_code = body_code
        self.sha256 = sha256


class HolderUnknown(RegistrationError):
    """No holder of that id."""

    def __init__(self, holder: HolderId) -> None:
        super().__init__(f"No holder has the id {holder}. Nothing was recorded: enrol the person first.")
        self.holder = holder


class HolderExists(RegistrationError):
    """The national id is on record already."""

    def __init__(self, holder: HolderId) -> None:
        super().__init__("This person is enrolled already. Nothing was recorded: use the holder on record.")
        self.holder = holder


class NameRefused(RegistrationError):
    """A name that could not be read for what it is."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"The field {field} is refused ({reason}). Nothing was recorded: type the name again.")
        self.field = field
        self.reason = reason


class NationalIdMalformed(RegistrationError):
    """Not a national id (one or two letters, up to eight digits)."""

    def __init__(self) -> None:
        super().__init__("A national id is one or two letters and up to eight digits. Nothing was recorded.")


class NationalIdUnreadable(RegistrationError):
    """The encrypted national id does not open under this installation's key."""

    def __init__(self) -> None:
        super().__init__(
            "The national id on record cannot be decrypted. Nothing was done: this installation's protection key "
            "is not the one the record was written under."
        )


class FunctionNotInBody(RegistrationError):
    """That kind of body has no such function."""

    def __init__(self, function: str, body_code: str) -> None:
        super().__init__(f"There is no {function} in the body {body_code}. Nothing was recorded.")
        self.function = function
        self.body_code = body_code


class RankRefused(RegistrationError):
    """A vice-president has a rank from 1 on, and nobody else has one."""

    def __init__(self, function: str) -> None:
        super().__init__(f"A vice-president has a rank, a {function} is another matter. Nothing was recorded.")
        self.function = function


class OfficeUnknown(RegistrationError):
    """No office of that id, or one that another record replaced."""

    def __init__(self, office: OfficeId) -> None:
        super().__init__(f"No current record of an office has the id {office}. Nothing was recorded.")
        self.office = office


class OfficeMissing(RegistrationError):
    """A line of a file names an office that is not on record, without its first day."""

    def __init__(self, function: str, body_code: str) -> None:
        super().__init__(
            f"This person is no {function} of {body_code} on record, and no first day of that office is given. "
            "Nothing was recorded: give starts_on."
        )
        self.function = function
        self.body_code = body_code


class OfficeOccupied(RegistrationError):
    """Two people in an office that one person holds at a time."""

    def __init__(self, *, body_code: str, function: str, occupant: OfficeId) -> None:
        super().__init__(
            f"The office of {function} of {body_code} is held by somebody else in that time. Nothing was recorded: "
            "record the end of that office first."
        )
        self.body_code = body_code
        self.function = function
        self.occupant = occupant


class EndBeforeStart(RegistrationError):
    """An office that ends before it starts."""

    def __init__(self, starts_on: date, ends_on: date) -> None:
        super().__init__(f"The office starts on {starts_on} and cannot end on {ends_on}. Nothing was recorded.")
        self.starts_on = starts_on
        self.ends_on = ends_on


class HolderInOffice(RegistrationError):
    """One person in two places of a council's bureau, or in two bureaus."""

    def __init__(self, *, body_code: str, function: str, office: OfficeId) -> None:
        super().__init__(
            f"This person is {function} of {body_code} in that time. Nothing was recorded: record the end of that "
            "office first."
        )
        self.body_code = body_code
        self.function = function
        self.office = office


class SecondOfficerNeeded(RegistrationError):
    """An effect before today by one officer."""

    def __init__(self, since: date) -> None:
        super().__init__(
            f"This takes effect on {since}, before today. Nothing was recorded: propose it, and another officer "
            "confirms it over the list of documents that it touches."
        )
        self.since = since


class DelegationRefused(RegistrationError):
    """A delegation that the law does not know."""

    def __init__(self, reason: str, article: str) -> None:
        super().__init__(f"This delegation is refused ({reason}; {article}). Nothing was recorded.")
        self.reason = reason
        self.article = article


class DelegationExists(RegistrationError):
    """The body has a delegation of that number."""

    def __init__(self, body_code: str, number: str) -> None:
        super().__init__(f"A delegation no. {number} of {body_code} is on record already. Nothing was recorded.")
        self.body_code = body_code
        self.number = number


class DelegationUnknown(RegistrationError):
    """No delegation of that id, or one that another record replaced."""

    def __init__(self, delegation: UUID) -> None:
        super().__init__(f"No current record of a delegation has the id {delegation}. Nothing was recorded.")
        self.delegation = delegation


class FindingRefused(RegistrationError):
    """A finding that the law does not know."""

    def __init__(self, reason: str, article: str) -> None:
        super().__init__(f"This finding is refused ({reason}; {article}). Nothing was recorded.")
        self.reason = reason
        self.article = article


class FindingUnknown(RegistrationError):
    """No finding of that id, or one that another record replaced."""

    def __init__(self, finding: UUID) -> None:
        super().__init__(f"No current record of a finding has the id {finding}. Nothing was recorded.")
        self.finding = finding


class DeclarationUnknown(RegistrationError):
    """No declaration of that id, or one that was withdrawn."""

    def __init__(self, declaration: UUID) -> None:
        super().__init__(f"No declaration that stands has the id {declaration}. Nothing was recorded.")
        self.declaration = declaration


class ProposalUnknown(RegistrationError):
    """No proposal of that id waits."""

    def __init__(self, proposal: UUID) -> None:
        super().__init__(f"No proposal {proposal} waits for a second officer. Nothing was recorded.")
        self.proposal = proposal


class ProposalDecided(RegistrationError):
    """A proposal that was confirmed or refused before."""

    def __init__(self, proposal: UUID) -> None:
        super().__init__(f"The proposal {proposal} was confirmed or refused before. Nothing more was recorded.")
        self.proposal = proposal


class SelfConfirmation(RegistrationError):
    """Nobody confirms his own proposal."""

    def __init__(self, proposal: UUID) -> None:
        super().__init__(
            f"You made the proposal {proposal} yourself. Nothing was recorded: a second officer must confirm it."
        )
        self.proposal = proposal


class ProposalDiffers(RegistrationError):
    """The confirmation was for other content or other documents than those the act would touch now."""

    def __init__(self, proposal: UUID, current: str) -> None:
        super().__init__(
            "The confirmation is for something else than what would be recorded now. Nothing was recorded: read the "
            "proposal again; if documents were signed since, it must be made anew."
        )
        self.proposal = proposal
        self.current = current


class ContactRefused(RegistrationError):
    """Not an e-mail address, or not a telephone number."""

    def __init__(self, field: str) -> None:
        super().__init__(f"The field {field} is not one that can be used. Nothing was recorded: type it again.")
        self.field = field


class MailboxUnknown(RegistrationError):
    """No mailbox of that id."""

    def __init__(self, mailbox: UUID) -> None:
        super().__init__(f"No mailbox has the id {mailbox}. Nothing was recorded.")
        self.mailbox = mailbox


class MailboxExists(RegistrationError):
    """The office has a mailbox, or the address is another's."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"There is a mailbox for {name} ({what}) already. Nothing was recorded.")
        self.name = name
        self.what = what


class MailboxStateRefused(RegistrationError):
    """A step that the mailbox's state does not allow."""

    def __init__(self, mailbox: UUID, state: str, wanted: str) -> None:
        super().__init__(f"The mailbox {mailbox} is {state} and cannot become {wanted}. Nothing was recorded.")
        self.mailbox = mailbox
        self.state = state
        self.wanted = wanted
