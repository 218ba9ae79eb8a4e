"""What a signing run's question says: the shape beside it, the words, and the word of the yes."""

from hsm.agent.consent import InterruptionKind

from .bridge import ASKS_AGAIN
from .languages import Language, isolated
from .marks import Mark
from .questions import ForPin, Question, ToEnrol, ToLastTry, ToPinEntries, ToWait
from .words import sentence


def asked(language: Language, question: Question[object] | None) -> tuple[Mark, str, str]:  # noqa: PLR0911  (one a case)
    """Mark, words and the yes of what is asked now; empty words where nothing is."""
    _, n_ = language.say, language.count
    if isinstance(question, ForPin) and question.entry is not None and question.count > 1:
        words = _("PIN for signature {k} of {n}", k=question.entry, n=question.count)
        return Mark.INFO, words, _("Sign")
    if isinstance(question, ForPin):
        return Mark.INFO, _("The key {device} asks its PIN.", device=question.device), _("Go on")
    if isinstance(question, ToLastTry):
        return Mark.WARN, _("One PIN try is left on {device}.", device=question.device), _("Use the last try")
    if isinstance(question, ToPinEntries):
        many = n_(
            "Your key asks its PIN for each signature: {n} entry.",
            "Your key asks its PIN for each signature: {n} entries.",
            question.count,
        )
        return Mark.INFO, many + " " + _("How many to sign now:"), _("Go on")
    if isinstance(question, ToEnrol):
        request = question.request
        made = _(
            "New keys for {holder} are made in the device {device}. {requester} asks for it.",
            holder=request.holder,
            device=request.device,
            requester=isolated(request.origin),
        )
        return Mark.INFO, made, _("Make the keys")
    if isinstance(question, ToWait):
        return _interrupted(language, question)
    return Mark.INFO, "", ""


def _interrupted(language: Language, question: ToWait) -> tuple[Mark, str, str]:
    _, interruption = language.say, question.interruption
    kept, count = interruption.kept, interruption.count
    match interruption.kind:
        case InterruptionKind.SERVER:
            words = _(
                "Connection lost. {kept} of {count} are recorded; the rest will resume by itself.",
                kept=kept,
                count=count,
            )
        case InterruptionKind.PIN_REFUSED if kept == 0:
            words = _("Wrong PIN. Nothing was signed.")
        case InterruptionKind.DEVICE_REMOVED if kept == 0:
            words = _("The key was taken out. Nothing was signed. Plug it back: this goes on by itself.")
        case _:
            words = sentence(language, interruption.error)
    again = _("Try again") if interruption.kind in ASKS_AGAIN else ""
    return Mark.WARN, words, again
