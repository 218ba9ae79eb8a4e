"""Why a document was not laid out. Nothing was stored after any of these."""

from signer.errors import SignerError


class RenderingError(SignerError):
    """A document was not laid out."""


class FactsRefused(RenderingError):
    """A fact is missing, of a wrong kind, or cannot be printed as it is."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"The document was not laid out: {name} {what}. Correct it and draw it up again.")
        self.name = name


class LayoutFailed(RenderingError):
    """The layout engine refused the document; the cause is chained."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"The document ({kind}) could not be laid out and was not stored. Check that the fonts are installed."
        )
        self.kind = kind
