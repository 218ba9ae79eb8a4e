"""What a run did, for people and for programs."""

from dataclasses import dataclass, field
from enum import StrEnum

from .errors import AgentError


class ItemState(StrEnum):
    """Where an item is, as this agent knows it."""

    UNSIGNED = "unsigned"
    SPOOLED = "spooled"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(slots=True, kw_only=True)
class ItemReport:
    """One document of the list."""

    id: str
    reference: str
    state: ItemState
    reason: str | None = None

    def to_json(self) -> dict[str, object]:
        """JSON-safe."""
        return {"id": self.id, "reference": self.reference, "state": self.state.value, "reason": self.reason}


@dataclass(slots=True, kw_only=True)
class SigningReport:
    """One run at one ceremony. `error` is None when all that was listed is kept."""

    ceremony: str | None = None
    match_code: str | None = None
    signer: str | None = None
    device: str | None = None
    items: dict[str, ItemReport] = field(default_factory=dict)
    error: AgentError | None = None

    @property
    def kept(self) -> int:
        """How many values the service acknowledged."""
        return sum(item.state is ItemState.KEPT for item in list(self.items.values()))

    @property
    def done_before(self) -> bool:
        """Nothing was left to sign when this run came. Before its end a run may look like that too."""
        return self.error is None and not self.items

    @property
    def left(self) -> list[str]:
        """References of what is not kept: signed later, or never."""
        return [item.reference for item in list(self.items.values()) if item.state is not ItemState.KEPT]

    @property
    def unsigned(self) -> bool:
        """Whether there is a document that nothing was decided of."""
        return any(item.state is ItemState.UNSIGNED for item in list(self.items.values()))

    def mark(self, id: str, reference: str, state: ItemState, reason: str | None = None) -> None:  # noqa: A002
        """Set an item's state."""
        self.items[id] = ItemReport(id=id, reference=reference, state=state, reason=reason)

    def to_json(self) -> dict[str, object]:
        """JSON-safe; holds no PIN, key, token or ticket."""
        return {
            "ceremony": self.ceremony,
            "match_code": self.match_code,
            "signer": self.signer,
            "device": self.device,
            "kept": self.kept,
            "count": len(self.items),
            "left": self.left,
            "items": [item.to_json() for item in self.items.values()],
            "error": error_json(self.error),
        }


def error_json(error: AgentError | None) -> dict[str, object] | None:
    """An error for programs."""
    if error is None:
        return None
    fields = {name: str(value) for name, value in error.fields.items() if name != "what"}
    return {
        "code": error.code.value,
        "help_desk": error.help_desk.value,
        "said": str(error),
        "resumable": error.resumable,
        "fields": fields,
    }
