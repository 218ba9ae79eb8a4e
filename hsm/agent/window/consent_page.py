"""The page of the yes: who asks, who signs in which capacity, the match code, the closed list, the PIN."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from hsm.agent.consent import PinState, SigningRequest

from . import style
from .documents import DocumentList, Documents, Line
from .languages import Language, isolated
from .marks import Mark
from .pieces import Button, Notice, Page, Text, card
from .pin_panel import UNUSABLE, PinPanel
from .stepper import Stepper
from .words import capacity_named, counted

GUARD_MILLISECONDS = 500
"""Nothing is agreed to so soon after a page came up: a click meant for another window goes nowhere."""
PRESENCE_MILLISECONDS = 250
"""Between two looks at what is known of the key: whether it is still plugged in."""


class ConsentPage(Page):
    """Shows one request. It only calls `agreed`, `refused` and `opening`; what they mean is the window's."""

    def __init__(
        self,
        documents: Documents,
        *,
        agreed: Callable[[], object],
        refused: Callable[[], object],
        opening: Callable[[int], object],
    ) -> None:
        super().__init__()
        self.documents = documents
        self.request: SigningRequest | None = None
        self._agreed, self._refused = agreed, refused
        self._armed = False
        self.removed = False
        """The key was taken out since the list came up, and is not back."""
        self.phone: str | None = None
        self.headline = Text(points=17, bold=True)
        self.kinds = Text(muted=True)
        self.facts = [(Text(muted=True, wrap=False), Text(bold=bold)) for bold in (True, True, False)]
        self.code_caption = Text(points=9.5, muted=True)
        self.code = Text(points=26, bold=True, wrap=False)
        self.list_caption = Text(muted=True)
        self.list = DocumentList(documents, opens=True)
        self.list.opening.connect(opening)
        self.unopened = Text()
        self.entries = Notice()
        self.sitting = QWidget()
        self.sitting_caption = Text(wrap=False)
        self.sitting_count = Stepper()
        self.absent = Notice()
        self.pin = PinPanel()
        self.cancel = Button(refused)
        self.sign = Button(self.submit, main=True)
        self._build()
        self.pin.changed.connect(self._weigh)
        self.pin.entered.connect(self.submit)
        self.sitting_count.valueChanged.connect(self.again)
        self._guard = QTimer(self, singleShot=True, interval=GUARD_MILLISECONDS)
        self._guard.timeout.connect(self._arm)
        self._presence = QTimer(self, interval=PRESENCE_MILLISECONDS)
        self._presence.timeout.connect(self._look_for_key)
        documents.dataChanged.connect(self.again)

    def _build(self) -> None:
        frame, rows = card(spacing=10)
        head = QHBoxLayout()
        head.setSpacing(20)
        facts = QVBoxLayout()
        facts.setSpacing(2)
        facts.addWidget(self.headline)
        facts.addWidget(self.kinds)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (caption, fact) in enumerate(self.facts):
            grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(fact, row, 1)
        facts.addSpacing(4)
        facts.addLayout(grid)
        head.addLayout(facts, 1)
        head.addWidget(self._code_box(), 0, Qt.AlignmentFlag.AlignTop)
        rows.addLayout(head)
        self.rows.addWidget(frame)
        self.rows.addWidget(self.list_caption)
        self.rows.addWidget(self.list, 1)
        self.rows.addWidget(self.unopened)
        self.rows.addWidget(self.entries)
        sitting = QHBoxLayout(self.sitting)
        sitting.setContentsMargins(0, 0, 0, 0)
        sitting.addWidget(self.sitting_caption)
        sitting.addWidget(self.sitting_count)
        sitting.addStretch(1)
        self.rows.addWidget(self.sitting)
        self.rows.addWidget(self.absent)
        self.rows.addWidget(self.pin)
        buttons = QHBoxLayout()
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        buttons.addWidget(self.sign)
        self.rows.addLayout(buttons)
        order = [self.list, self.sitting_count, self.pin.risk, self.pin.field, self.sign, self.cancel]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _code_box(self) -> QFrame:
        box = QFrame()
        box.setObjectName("code")
        rows = QVBoxLayout(box)
        rows.setContentsMargins(18, 10, 18, 10)
        rows.setSpacing(0)
        self.code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.code_caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.setFixedWidth(190)
        rows.addWidget(self.code)
        rows.addWidget(self.code_caption)
        return box

    @property
    def each_asks(self) -> bool:
        """The key asks its PIN for each signature."""
        request = self.request
        return request is not None and request.pin_entries == len(request.documents) > 1

    @property
    def count(self) -> int:
        """How many to sign in this sitting."""
        if self.request is None:
            return 0
        return self.sitting_count.value() if self.each_asks else len(self.request.documents)

    def ask(self, request: SigningRequest) -> None:
        """Show a request; nothing is opened, typed or ticked yet."""
        self.request = request
        self.documents.show([Line.of(document) for document in request.documents])
        count = len(request.documents)
        self.sitting_count.setRange(1, max(1, count))
        self.sitting_count.setValue(count)
        self.removed = False
        self._ask_pin(request)
        self._armed = False
        self._guard.start()
        self._presence.start()
        self.again()

    def _ask_pin(self, request: SigningRequest) -> None:
        typed = not request.protected_path and request.pin_entries != 0 and not self.each_asks
        self.pin.ask(request.pin_state, wanted=typed, pad=request.protected_path)

    def settle(self) -> None:
        """The request is answered, or is no more: what was typed is gone, the key is no longer looked for."""
        self._presence.stop()
        self.pin.wipe()

    def _look_for_key(self) -> None:
        """What was typed for a key that is gone goes too; for one that is back the PIN is asked again."""
        request = self.request
        if request is None or request.present() is not self.removed:
            return
        self.removed = not self.removed
        self._ask_pin(request)
        self.again()
        if self.isVisible():  # Enter meant for the field that went does not fall on a button
            (self.list if self.removed else self.primary() or self.list).setFocus()

    def submit(self) -> None:
        """Say yes, if nothing is missing."""
        # THREAT: a click or key meant for a page or another window signs: the window came up under the hand.
        # DEFENCE: nothing is taken in the first half second, nor before the PIN is complete.
        # TEST: tests/hsm/agent/window/test_consent_page.py::test_nothing_is_agreed_to_in_the_first_half_second
        if self._may_agree:
            self._agreed()

    def escape(self) -> None:
        self._refused()

    def primary(self) -> QWidget | None:
        return self.pin.field if self.pin.field.isVisibleTo(self) else self.list

    def _arm(self) -> None:
        self._armed = True
        self._weigh()

    def _weigh(self) -> None:
        self.sign.setEnabled(self._may_agree)

    @property
    def _may_agree(self) -> bool:
        return self._armed and self.request is not None and not self.removed and self.pin.ready

    def said(self, language: Language) -> None:
        _, n_ = language.say, language.count
        self.documents.language = language
        self.list_caption.say(language, _("Click a document to read it. Only these documents are signed."))
        self.list.setAccessibleName(_("Documents to sign"))
        self.code_caption.say(language, _("The page shows the same code"))
        self.cancel.say(language, _("Cancel"), _("Nothing is signed"))
        self.pin.speak(language, self.phone)
        if self.request is not None:
            self._say_request(language, self.request)
            self._say_entries(language, self.request)
            unopened = self.documents.unopened
            self.unopened.say(language, n_("{n} document was not opened.", "{n} documents were not opened.", unopened))
            self.unopened.setVisible(unopened > 0)
            self.sign.say(language, n_("Sign {n} document", "Sign {n} documents", self.count))
        gone = _("The key was taken out. Plug it back to sign: the PIN is asked again.")
        self.absent.say(language, Mark.STOP, gone if self.removed else "")
        self.pin.setVisible(not self.removed)
        self._weigh()

    def _say_request(self, language: Language, request: SigningRequest) -> None:
        _ = language.say
        kinds = Counter(document.kind for document in request.documents)
        only = next(iter(kinds)) if len(kinds) == 1 else ""
        words = _("You sign {what}", what=counted(language, only, len(request.documents)))
        self.headline.say(language, words)
        self.setWindowTitle(words)
        spelled = [counted(language, kind, number) for kind, number in kinds.most_common()] if len(kinds) > 1 else []
        self.kinds.say(language, _(", ").join(spelled))
        self.kinds.setVisible(bool(spelled))
        arabic = language.code == "ar"
        body = isolated(request.capacity.body_ar if arabic else request.capacity.body_fr)
        names = (request.signer_ar, request.signer_latin) if arabic else (request.signer_latin, request.signer_ar)
        said = (
            (_("Asked by"), _("{requester} ({origin})", requester=request.requester, origin=request.origin)),
            (_("As"), capacity_named(language, request.capacity, body)),
            (_("Key of"), _("{name} ({other})", name=names[0], other=names[1])),
        )
        for (caption, fact), (name, value) in zip(self.facts, said, strict=True):
            caption.say(language, name)
            fact.say(language, value)
        self.code.say(language, "\u2066" + " ".join(request.match_code) + "\u2069")
        self.code.setFont(style.font("en", points=26, bold=True))
        self.code.setAccessibleName(_("Code {code}", code=" ".join(request.match_code)))

    def _say_entries(self, language: Language, request: SigningRequest) -> None:
        """How often the PIN is asked, before anything is signed."""
        _, n_ = language.say, language.count
        words, entries = "", request.pin_entries
        if request.held_policy is not None:
            words = _(
                "Under {policy}, this program holds your PIN for this list. It forgets it at the end, when you cancel, "
                "or when the key is taken out.",
                policy=request.held_policy,
            )
        elif self.each_asks:
            words = n_(
                "Your key asks its PIN for each signature: {n} entry.",
                "Your key asks its PIN for each signature: {n} entries.",
                self.count,
            )
        elif entries is not None and entries > 1:
            words = n_("The PIN is asked {n} time for this list.", "The PIN is asked {n} times for this list.", entries)
        usable = request.pin_state not in UNUSABLE
        self.entries.say(language, Mark.INFO, words if usable else "")
        self.sitting.setVisible(self.each_asks and usable)
        self.sitting_caption.say(language, _("How many to sign now:"))
        self.sitting_count.say(language, _("How many to sign now:"))
        if request.already_kept:
            kept = n_(
                "{n} document of this list is signed already.",
                "{n} documents of this list are signed already.",
                request.already_kept,
            )
            self.kinds.say(language, " · ".join(part for part in (self.kinds.text(), kept) if part))
            self.kinds.show()

    @property
    def last_try_agreed(self) -> bool:
        """The signer ticked that he risks the last try."""
        return self.request is not None and self.request.pin_state is PinState.FINAL_TRY and self.pin.risk.isChecked()
