"""Refusals about PDFs and what is put into them. Nothing was changed or stored after any of these.

```
PadesError
├── IntakeRefused          a foreign PDF that may not enter a dossier
├── FieldUnknown           no such empty signature field
├── FieldSigned            the field is signed already
├── FieldsRefused          the fields cannot be added to this document
├── PdfUnreadable          not a PDF that can be read strictly
├── SignatureTooLarge      the signature does not fit into its reserved place
├── SignatureMismatch      attributes, value or time-stamp are not this document's
├── AlgorithmUnsuitable    an algorithm that the signed attributes do not allow
├── TimeStampUnavailable   no time-stamp now; a retry can help
└── StatusProofUnavailable no status proof of the time wanted, yet; a retry can help
```
"""

from enum import StrEnum

from signer.errors import SignerError


class PadesError(SignerError):
    """A PDF was not prepared, signed or extended."""


class IntakeReason(StrEnum):
    """Why a foreign PDF may not enter."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    NOT_A_PDF = "not-a-pdf"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    ENCRYPTED = "encrypted"
    SCRIPT = "script"
    ACTION = "action"
    RICH_MEDIA = "rich-media"
    EXECUTABLE = "executable"
    XFA = "xfa"
    OPTIONAL_CONTENT = "optional-content"
    EXTERNAL_STREAM = "external-stream"


_INTAKE = {
    IntakeReason.EMPTY: "it has no content: send the file again",
    IntakeReason.TOO_LARGE: "it is larger than this service takes: reduce its images, or split it",
    IntakeReason.NOT_A_PDF: "it is not a PDF: export the document as PDF and send that",
    IntakeReason.TRUNCATED: "it stops before its end: send the whole file again",
    IntakeReason.MALFORMED: "it is damaged: print the document to a new PDF and send that",
    IntakeReason.ENCRYPTED: "it is encrypted or asks for a password: save it without protection",
    IntakeReason.SCRIPT: "it carries a script: print the document to a new PDF and send that",
    IntakeReason.ACTION: "it does something by itself when opened or used: print it to a new PDF and send that",
    IntakeReason.RICH_MEDIA: "it carries sound, film or a 3-D scene: print it to a new PDF and send that",
    IntakeReason.EXECUTABLE: "it carries a program as attachment: remove the attachment",
    IntakeReason.XFA: "it is a dynamic form (XFA), whose text is not in its pages: print it to a new PDF and send that",
    IntakeReason.OPTIONAL_CONTENT: "it has layers that can be shown or hidden, so that two readers may see two "
    "documents: flatten its layers",
    IntakeReason.EXTERNAL_STREAM: "a part of it lies in another file: embed everything and send it again",
}


class IntakeRefused(PadesError):
    """A foreign PDF is refused, with its reason."""

    def __init__(self, reason: IntakeReason, detail: str = "") -> None:
        note = f" ({detail})" if detail else ""
        super().__init__(f"The PDF was not accepted and nothing was stored: {_INTAKE[reason]}{note}.")
        self.reason = reason
        self.detail = detail


class FieldUnknown(PadesError):
    """The document has no such empty signature field, once."""

    def __init__(self, field: str) -> None:
        super().__init__(f"The document has no signature field {field!r} to sign in. Nothing was prepared.")
        self.field = field


class FieldSigned(PadesError):
    """The field is signed already."""

    def __init__(self, field: str) -> None:
        super().__init__(f"The signature field {field!r} is signed already. Nothing was prepared.")
        self.field = field


class FieldsRefused(PadesError):
    """The fields cannot be added."""

    def __init__(self, what: str) -> None:
        super().__init__(f"No signature field was added: {what}.")
        self.what = what


class PdfUnreadable(PadesError):
    """Not a PDF that can be read strictly; the cause is chained."""

    def __init__(self) -> None:
        super().__init__("The PDF cannot be read. Nothing was changed: send it through the intake first.")


class SignatureTooLarge(PadesError):
    """The CMS does not fit."""

    def __init__(self, needed: int, reserved: int) -> None:
        super().__init__(
            f"The signature takes {needed} bytes and {reserved} were reserved. It was not embedded: prepare again "
            "with more room."
        )
        self.needed = needed
        self.reserved = reserved


class SignatureMismatch(PadesError):
    """What is to be embedded does not belong to this document."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The signature was not embedded: {what}. Prepare the document again.")
        self.what = what


class AlgorithmUnsuitable(PadesError):
    """The signature algorithm does not hash as the signed attributes say."""

    def __init__(self, algorithm: str) -> None:
        super().__init__(
            f"A document's signature uses SHA-256, {algorithm} does not. It was not embedded: choose the key's SHA-256 "
            "algorithm."
        )
        self.algorithm = algorithm


class TimeStampUnavailable(PadesError):
    """No time-stamp could be had. The value is kept; asking again later can help."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"No time-stamp could be had: {detail}. The signature waits for one; nothing is lost.")
        self.detail = detail


class StatusProofUnavailable(PadesError):
    """No status proof of the time wanted could be had. Asking again later can help."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"No status proof could be had: {detail}. The document stays as it is; it is tried again.")
        self.detail = detail
