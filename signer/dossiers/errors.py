"""Refusals about dossiers and their documents. Each says what happened, what did not, and what to do."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from signer.errors import SignerError


class DossierError(SignerError):
    """A refusal about a dossier or one of its documents. Nothing was written."""


class DossierUnknown(DossierError):
    """No dossier of that id."""

    def __init__(self, dossier: UUID) -> None:
        super().__init__(f"There is no dossier {dossier}. Nothing was written: check its id.")
        self.dossier = dossier


class DossierExists(DossierError):
    """The platform opened a dossier under this reference before."""

    def __init__(self, platform_reference: str, reference: str) -> None:
        super().__init__(
            f"{platform_reference} was opened before, as {reference}. No second dossier was opened: "
            "go on with that one."
        )
        self.platform_reference = platform_reference
        self.reference = reference


class TextRefused(DossierError):
    """A text with control characters, or marks that reorder what stands around them, or nothing at all."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The {name} is empty, or holds control characters or marks that change the order of letters. "
            "Nothing was written: give plain text."
        )
        self.name = name


class TrackRefused(DossierError):
    """No rule for this kind on this track."""

    def __init__(self, kind: str, track: str) -> None:
        super().__init__(
            f"A dossier of kind {kind} does not follow the track {track} (RGC, art. 17). It was not opened: "
            "choose the track of its kind."
        )
        self.kind = kind
        self.track = track


class CommitteeUnknown(DossierError):
    """The rules require a body of a kind that the register does not hold for this territory."""

    def __init__(self, body_code: str, missing: Sequence[str]) -> None:
        super().__init__(
            f"The committee for {body_code} needs {', '.join(missing)}, and the register names none for this "
            "territory. The dossier was not opened: have the body recorded first."
        )
        self.body = body_code
        self.missing = tuple(missing)


class BodyMayNotDecide(DossierError):
    """The body named for the dossier is no commune and no arrondissement, or is unknown."""

    def __init__(self, body_code: str) -> None:
        super().__init__(
            f"{body_code} is no commune or arrondissement of the register. Nothing was opened: "
            "give the body that decides."
        )
        self.body = body_code


class HolderUnknown(DossierError):
    """No holder of that id."""

    def __init__(self, holder: UUID) -> None:
        super().__init__(f"There is no holder {holder}. Nothing was written: check the id.")
        self.holder = holder


class NotCommitteeMember(DossierError):
    """A body that the rules do not call to this dossier."""

    def __init__(self, body_code: str, required: Sequence[str]) -> None:
        super().__init__(
            f"{body_code} is no member of this dossier's committee ({', '.join(required) or 'it has none'}). "
            "No opinion was drawn up."
        )
        self.body = body_code
        self.required = tuple(required)


class FileVersionNotHead(DossierError):
    """An opinion says it read a version that is not the current one of any file of the dossier."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            f"{sha256} is not the current version of a file of this dossier. No opinion was drawn up: "
            "read the current version and say so."
        )
        self.sha256 = sha256


class FilesUnread(DossierError):
    """An opinion must have read every file of the dossier, and there must be one."""

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__(
            f"Not read: {', '.join(titles) or 'the dossier holds no file yet'}. No opinion was drawn up: "
            "an opinion binds the current version of every file."
        )
        self.titles = tuple(titles)


class OpinionReasonsMissing(DossierError):
    """Reservations and unfavourable opinions give their reasons (RGC, art. 38)."""

    def __init__(self, opinion: str) -> None:
        super().__init__(f"An opinion {opinion} gives its reasons (RGC, art. 38). None was drawn up: add the text.")
        self.opinion = opinion


class OpinionStands(DossierError):
    """This body's signed opinion covers the current files; there is nothing to give again."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The signed opinion {reference} covers the current files. No second one was drawn up: "
            "a body gives a new opinion once a file has changed."
        )
        self.reference = reference


class OneOpinionPerPerson(DossierError):
    """One person would speak for two bodies of the same committee."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"This person gave the opinion {reference} for another body of this committee. No second one was drawn "
            "up: each body is represented by its own member (RGC, art. 29)."
        )
        self.reference = reference


class OpinionsMissing(DossierError):
    """Required opinions that are neither signed nor noted absent."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"No signed opinion covers the current files from: {', '.join(missing)}. The minutes were not drawn up: "
            "wait for them, or note the members as absent."
        )
        self.missing = tuple(missing)


class NoCommittee(DossierError):
    """Works that no committee studies have no minutes (RGC, art. 20)."""

    def __init__(self) -> None:
        super().__init__(
            "No committee studies this dossier (RGC, art. 20). No minutes were drawn up: go to the decision."
        )


class MinutesStand(DossierError):
    """Minutes that already carry a signature and still match the opinions."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The minutes {reference} already carry a signature and match the opinions. None were drawn up: "
            "go on with them."
        )
        self.reference = reference


class BindingOpinionMissing(DossierError):
    """The binding opinion is not there: without it the licence would be void."""

    def __init__(self, body_code: str, article: str) -> None:
        super().__init__(
            f"The binding opinion of {body_code} is missing or covers older files ({article}). No licence was drawn up "
            "or signed: wait for that opinion, signed."
        )
        self.body = body_code
        self.article = article


class BindingOpinionNotFavourable(DossierError):
    """The binding opinion was given and is not favourable."""

    def __init__(self, body_code: str, opinion: str, article: str) -> None:
        super().__init__(
            f"The binding opinion of {body_code} is {opinion} ({article}). No licence was drawn up or signed: "
            "refuse with reasons, or have the file changed and a new opinion given."
        )
        self.body = body_code
        self.opinion = opinion
        self.article = article


class MinutesIncomplete(DossierError):
    """The minutes are not drawn up, out of date, or lack counter-signatures."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            f"The minutes are not complete; missing: {', '.join(missing)}. No decision was drawn up or signed: "
            "have them counter-signed by every member present."
        )
        self.missing = tuple(missing)


class RefusalReasonsMissing(DossierError):
    """A refusal gives its reasons (RGC, art. 40)."""

    def __init__(self) -> None:
        super().__init__("A refusal gives its reasons (RGC, art. 40). None was drawn up: add them.")


class DossierDecided(DossierError):
    """The decision is signed: what came before it is closed."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"The decision {reference} is signed. Nothing was added: the dossier is closed.")
        self.reference = reference


class OwnPdfSigned(DossierError):
    """A decision given as PDF that already carries signatures cannot get our field."""

    def __init__(self, signatures: int) -> None:
        super().__init__(
            f"The PDF already carries {signatures} signature(s). It was not taken: give the decision unsigned, "
            "the president signs it here."
        )
        self.signatures = signatures


class DocumentUnknown(DossierError):
    """No document of that reference, or the check characters are not its own."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"There is no document {reference[:20]} here. Check the reference and its four characters.")
        self.reference = reference[:20]


class DocumentSuperseded(DossierError):
    """A later draft took this document's place."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} was superseded by a later draft. Nothing was signed: use the later one.")
        self.reference = reference


class DocumentOutdated(DossierError):
    """What the document was drawn up on (files, opinions, minutes) has changed since."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The files, opinions or minutes under {reference} have changed since it was drawn up. Nothing was signed: "
            "draw it up again."
        )
        self.reference = reference


class DocumentComplete(DossierError):
    """Every field of the document is signed."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} is completely signed. Nothing was signed again.")
        self.reference = reference


class NotThisDocumentsSigner(DossierError):
    """The document has no field for this person."""

    def __init__(self, reference: str, signer: UUID) -> None:
        super().__init__(f"{reference} has no field for this signer. Nothing was signed: check who is to sign it.")
        self.reference = reference
        self.signer = signer


class AlreadySignedBySigner(DossierError):
    """This person's field of the document is signed."""

    def __init__(self, reference: str, signer: UUID) -> None:
        super().__init__(f"This person has already signed {reference}. Nothing was signed twice.")
        self.reference = reference
        self.signer = signer


class DocumentLeased(DossierError):
    """Someone has the head of the document in hand."""

    def __init__(self, reference: str, signer: UUID, name: str, until: datetime) -> None:
        super().__init__(
            f"{reference} is being signed by {name} until {until:%H:%M:%S} UTC. Nothing was changed: "
            "ask again after that."
        )
        self.reference = reference
        self.signer = signer
        self.name = name
        self.until = until


class HeadMoved(DossierError):
    """Compare-and-set failed: the head is no longer the revision that was worked on."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The head of {reference} moved meanwhile. Nothing was written: start again from the new head."
        )
        self.reference = reference


class NotALicence(DossierError):
    """Only a signed licence has a status."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} is no signed licence: it has no force to end. Nothing was recorded.")
        self.reference = reference


class StatusCorrected(DossierError):
    """The status act to correct was corrected before, or belongs to another licence."""

    def __init__(self, status: UUID) -> None:
        super().__init__(
            f"The status act {status} cannot be corrected by this one. Nothing was recorded: correct the last."
        )
        self.status = status


class ReferencesExhausted(DossierError):
    """A series of a year has no number left."""

    def __init__(self, letter: str, year: int) -> None:
        super().__init__(f"The series {letter}{year % 100:02} is full. Nothing was written.")
        self.letter = letter
        self.year = year
