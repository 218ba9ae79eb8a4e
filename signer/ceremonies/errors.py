"""Refusals of the signing protocol. Each says what happened, what did not, and what to do."""

from datetime import date
from uuid import UUID

from signer.errors import SignerError


class CeremonyError(SignerError):
    """A refusal of the signing protocol."""


class CeremonyUnknown(CeremonyError):
    """No ceremony of that id, or none of this caller's."""

    def __init__(self, ceremony: UUID) -> None:
        super().__init__(f"There is no ceremony {ceremony}. Nothing was signed: check its id.")
        self.ceremony = ceremony


class NothingToSign(CeremonyError):
    """An empty list."""

    def __init__(self) -> None:
        super().__init__("There is nothing to sign. No ceremony was opened: name at least one document.")


class NothingLeft(CeremonyError):
    """Every item of the ceremony has its value, or was refused."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing is left to sign: every document of this ceremony was answered before, and nothing was signed "
            "now. If that was somebody else, report it."
        )


class TooManyDocuments(CeremonyError):
    """More documents than one sitting may hold, or one of them twice."""

    def __init__(self, most: int) -> None:
        super().__init__(f"One ceremony holds at most {most} different documents. None was opened: split the list.")
        self.most = most


class MixedCapacities(CeremonyError):
    """The signer would sign these documents in different offices."""

    def __init__(self) -> None:
        super().__init__(
            "These documents are signed in different offices. No ceremony was opened: open one for each office."
        )


class NotEntitled(CeremonyError):
    """The register says no, or does not know, whether the signer may sign this for this body now."""

    def __init__(self, reference: str, answer: str, reason: str, article: str, *, ended_on: date | None = None) -> None:
        super().__init__(
            f"The register does not entitle this person to sign {reference} now ({reason}; {article}). "
            "Nothing was signed: have the office recorded, or let the one in office sign."
        )
        self.reference = reference
        self.answer = answer
        self.reason = reason
        self.article = article
        self.ended_on = ended_on
        """First civil day no longer in office, if that is why."""

    @property
    def problem(self) -> str:
        """An office that ended is a code of its own."""
        return "office-ended" if self.reason == "office-ended" else "not-entitled"


class KeyChanged(CeremonyError):
    """The signer's usable key is no longer the one the ceremony was opened with."""

    def __init__(self) -> None:
        super().__init__(
            "The signer's key is not the one this ceremony was opened with. Nothing was kept: open another."
        )


class CeremonyEnded(CeremonyError):
    """The ceremony is over, or not the agent's to go on with."""

    def __init__(self, ceremony: UUID, state: str) -> None:
        super().__init__(f"The ceremony is {state}. Nothing more was signed in it: open another for what is left.")
        self.ceremony = ceremony
        self.state = state


class LeaseLapsed(CeremonyError):
    """The agent was silent too long; the document may have changed since it was shown."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"The lease on {reference} has lapsed. The value was not kept: ask for the manifest again, "
            "look at the document again and sign that."
        )
        self.reference = reference


class ItemUnknown(CeremonyError):
    """No such item in the agent's ceremony."""

    def __init__(self, item: UUID) -> None:
        super().__init__(f"This ceremony has no item {item}. Nothing was kept, and the attempt is in the journal.")
        self.item = item


class ItemRefused(CeremonyError):
    """The item was refused before; it takes no value any more."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"{reference} was refused in this ceremony ({reason}). The value was not kept.")
        self.reference = reference
        self.reason = reason


class ValueForAnotherItem(CeremonyError):
    """Attributes of one item, or an item of one ceremony, offered for another."""

    def __init__(self, item: UUID) -> None:
        super().__init__(
            f"The value belongs to another item than {item}. It was not kept, and the attempt is in the journal."
        )
        self.item = item


class AttributesDiffer(CeremonyError):
    """The agent's signed attributes are not those of this item, byte for byte."""

    def __init__(self, item: UUID) -> None:
        super().__init__(
            f"The signed attributes are not those of the item {item}. The value was not kept: "
            "ask for the manifest again and sign what it names."
        )
        self.item = item


class ValueRefused(CeremonyError):
    """Not a signature of the ceremony's certificate over those attributes, or not in its mechanism."""

    def __init__(self, item: UUID) -> None:
        super().__init__(
            f"The value is no signature of this ceremony's key over the item {item}. It was not kept, "
            "and the attempt is in the journal."
        )
        self.item = item


class DisplayReceiptRefused(CeremonyError):
    """A display receipt that is not one of this sitting's present list."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The display receipt is refused ({reason}). It was not kept: ask for the manifest again and show that."
        )
        self.reason = reason


class DisplayReceiptMissing(CeremonyError):
    """A value came before the agent said what it had shown."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"No receipt says that {reference} was shown as it is to be signed. The value was not kept: send the "
            "receipt, then the value again."
        )
        self.reference = reference


def reason_of(error: Exception) -> str:
    """A refusal's name as a code in kebab-case: `KeyChanged` is `key-changed`; or the code it gives itself."""
    own = getattr(error, "problem", None)
    if isinstance(own, str):
        return own
    name = type(error).__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
