"""What a president sees and types: his token in a virtual reader, the agent's window on a real X screen."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.cli.demo import cast
from api.cli.demo.peers import pdfsig_accepts
from api.cli.demo.story import World
from hsm.agent.window.languages import language
from tests.rig.estates.holder import ORDINARY, PIN, STRICT
from tests.rig.estates.pcsc import Estate
from tests.rig.screen import Screen
from tests.story.tokens import Office, draw_up, forget_policy, take_office

ARABIC, FRENCH = language("ar"), language("fr")


@pytest.fixture
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    with Estate.start(tmp_path_factory.mktemp("pcsc")) as started:
        yield started


@pytest.fixture
def screen() -> Iterator[Screen]:
    with Screen() as started:
        yield started


def until(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds:g} s: {what}"
        time.sleep(0.1)


def enter(screen: Screen, title: str) -> None:
    """Type the PIN and press Enter until the page turns: the first half second of a page takes no yes."""
    screen.type(PIN)

    def turned() -> bool:
        screen.press("Return")
        return not any(title in each for each in screen.titles().values())

    until(turned, f"{title} answered", seconds=10)


def ended(window: subprocess.Popen[bytes]) -> int:
    return window.wait(timeout=30)


def require_all_valid(office: Office, references: list[str], folder: Path) -> None:
    """Every licence is signed once and valid to a program that is not ours, and no two values are of one thing."""
    for reference in references:
        pdf = folder / f"{reference}.pdf"
        pdf.write_bytes(office.world.platform.content(f"/v1/documents/{reference}/content"))
        pdfsig_accepts(pdf, signatures=1)
    signed = office.token.card.status.signed
    assert len(signed) == len(set(signed))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("batch", "pulled_at"), [(12, 5), pytest.param(50, 20, marks=pytest.mark.soak)])
def test_a_batch_one_pin_the_token_pulled_and_put_back(
    *, world: World, estate: Estate, screen: Screen, tmp_path: Path, batch: int, pulled_at: int
) -> None:
    """In Arabic, an ordinary key: one PIN; pulled; put back, the PIN again (decision 8); none signed twice."""
    office = take_office(world, estate, cast.ENDED_PRESIDENT, ORDINARY, language="ar")
    forget_policy(office)
    ceremony = office.open_ceremony(references := draw_up(office, batch))
    card = office.token.card
    before = card.status
    card.pull_after(pulled_at)
    window = office.show(screen, ceremony["agent_url"])
    try:
        asked = ARABIC.count("{n} licence", "{n} licences", batch)
        screen.await_title(asked)
        screen.picture(tmp_path / "1-asked.png")
        enter(screen, asked)
        screen.await_title(f"{pulled_at}", seconds=90)
        until(lambda: not card.status.inserted, "the token is out")
        until(lambda: office.kept(ceremony["id"]) == pulled_at, "what was signed is kept", seconds=90)
        screen.picture(tmp_path / "2-pulled.png")
        card.replug()
        again = ARABIC.say("The key {device} asks its PIN.", device="|").partition("\u2068")[0].strip()
        screen.await_title(again)
        assert card.status.made - before.made == pulled_at
        screen.picture(tmp_path / "3-back.png")
        enter(screen, again)
        until(lambda: office.kept(ceremony["id"]) == batch, "the rest is signed", seconds=120)
        screen.await_title(ARABIC.count("{n} document signed", "{n} documents signed", batch))
        screen.picture(tmp_path / "4-done.png")
        screen.press("Escape")
        assert ended(window) == 0
    finally:
        window.kill()
        window.wait()
    after = card.status
    assert after.made - before.made == batch
    assert after.verify_right - before.verify_right == 2
    assert after.pins_sent - before.pins_sent == 2
    assert PIN not in (office.workplace.folder / "window.log").read_text(encoding="utf-8")
    world.signed(ceremony["id"])
    require_all_valid(office, references, tmp_path)


@pytest.mark.timeout(300)
def test_six_licences_six_pins_announced_and_asked(
    world: World, estate: Estate, screen: Screen, tmp_path: Path
) -> None:
    """In French, a key that asks each time: six entries are announced, and six are asked."""
    office = take_office(world, estate, cast.UNRECORDED_PRESIDENT, STRICT, language="fr")
    forget_policy(office)
    ceremony = office.open_ceremony(references := draw_up(office, 6))
    card = office.token.card
    before = card.status
    window = office.show(screen, ceremony["agent_url"])
    try:
        announced = FRENCH.count("{n} licence", "{n} licences", 6)
        shown = screen.await_title(announced)
        screen.picture(tmp_path / "1-announced.png")

        def agreed() -> bool:
            screen.click(shown, right=130, bottom=45)
            return not any(announced in title for title in screen.titles().values())

        until(agreed, "the yes", seconds=10)
        for entry in range(1, 7):
            asked = FRENCH.say("PIN for signature {k} of {n}", k=entry, n=6)
            screen.await_title(asked)
            screen.picture(tmp_path / f"2-entry-{entry}.png")
            enter(screen, asked)
        screen.await_title(FRENCH.count("{n} document signed", "{n} documents signed", 6))
        screen.picture(tmp_path / "3-done.png")
        screen.press("Escape")
        assert ended(window) == 0
    finally:
        window.kill()
        window.wait()
    after = card.status
    assert after.made - before.made == 6
    # One VERIFY opens the key with the first entry, one goes before each signature.
    assert after.verify_right - before.verify_right in (6, 7)
    world.signed(ceremony["id"])
    require_all_valid(office, references, tmp_path)
