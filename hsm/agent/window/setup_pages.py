"""A start without a link: the thread that sets up, and its two pages."""

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from hsm.agent.errors import AgentError
from hsm.agent.holder.first_setup import Light

from .pieces import Page
from .pin_change_page import PinChangePage
from .questions import ForNewPin, Question
from .setup_bridge import SetupBridge, Wish
from .setup_page import SetupPage

SetUp = Callable[[SetupBridge], object]


class SetupPages(QObject):
    """Moves between lights and form as the set-up's thread asks; at most one such thread runs."""

    turned = Signal(object)
    """The page to be seen now."""
    called = Signal()
    """A question that a person has to see."""
    ended = Signal()
    """The thread is gone."""

    def __init__(
        self, set_up: SetUp, *, details: Callable[[], object], close: Callable[[], object], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._set_up = set_up
        self.bridge: SetupBridge | None = None
        self.lights = SetupPage(look=self.look, change=self.change, details=details, close=close)
        self.form = PinChangePage(left=self._leave_form)
        self.pages: tuple[Page, ...] = (self.lights, self.form)
        self._at_form = False
        self.ended.connect(self._end)

    def begin(self) -> None:
        """Show the lights, and begin to look."""
        self._turn(self.lights)
        if self.bridge is not None:
            return
        self.bridge = bridge = SetupBridge()
        bridge.looking.connect(self._looking)
        bridge.lit.connect(self._lit)
        bridge.rested.connect(self._rested)
        bridge.asked.connect(self._asked)
        bridge.settled.connect(self._settled)
        threading.Thread(target=self._run, args=(bridge,), name="set-up", daemon=True).start()

    def look(self) -> None:
        """Look again."""
        self._want(Wish.LOOK)

    def change(self) -> None:
        """Change the PIN, then look again."""
        self._want(Wish.CHANGE)

    def _want(self, wish: Wish) -> None:
        if self.bridge is not None:
            self.lights.looking = True
            self.lights.again()
            self.bridge.want(wish)

    def leave(self) -> None:
        """Refuse what is asked, forget what was typed, and let the thread end."""
        self.wipe()
        if self.bridge is not None:
            self.lights.leaving = True
            self.lights.again()
            self.bridge.leave()

    def wipe(self) -> None:
        """Forget what was typed."""
        self.lights.pin.wipe()
        self.form.wipe()

    def _run(self, bridge: SetupBridge) -> None:
        try:
            self._set_up(bridge)
        finally:
            self.ended.emit()

    def _end(self) -> None:
        self.bridge = None

    def _looking(self) -> None:
        self.lights.begin()
        self._leave_form()

    def _lit(self, light: Light) -> None:
        self.lights.show_light(light)

    def _rested(self, error: AgentError | None) -> None:
        self.lights.rest(error)
        self._leave_form()

    def _asked(self, question: Question[object]) -> None:
        if not question.open:
            return
        if isinstance(question, ForNewPin):
            self.form.ask(question)
            self._turn(self.form)
        else:
            self.lights.ask(question)
            self._turn(self.lights)
        self.called.emit()

    def _settled(self, _question: object) -> None:
        """The key was pulled out under a question: nothing that was typed stays, and the lights say what is so."""
        self.lights.settle()
        self._leave_form()

    def _turn(self, page: Page) -> None:
        self._at_form = page is self.form
        self.turned.emit(page)

    def _leave_form(self) -> None:
        """Nothing typed stays. Another page that is being read meanwhile is not turned away."""
        self.form.settle()
        if self._at_form:
            self._turn(self.lights)
