"""The catalogue: complete, with plurals that are Arabic; no word of the window outside it."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract

import hsm.agent.window
from hsm.agent.codes import AgentCode
from hsm.agent.doctor.findings import FINDINGS
from hsm.agent.window.languages import LOCALES, catalogue, isolated, language, reference
from hsm.agent.window.words import FUNCTIONS, SENTENCES, counted
from pki.registration.kinds import OfficeFunction
from signer.dossiers.kinds import DocumentKind

SOURCES = sorted(Path(hsm.agent.window.__file__).parent.glob("*.py"))
SAYING = {
    "setText",
    "setWindowTitle",
    "setToolTip",
    "setPlaceholderText",
    "setAccessibleName",
    "setAccessibleDescription",
}


def messages() -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = {text for pair in FINDINGS.values() for text in pair if text}
    for path in SOURCES:
        for _, message, _, _ in extract("python", BytesIO(path.read_bytes()), keywords={"_": None, "n_": (1, 2)}):
            found.add(message)
    return found


@pytest.mark.parametrize("locale", LOCALES.values())
def test_the_catalogue_is_complete_and_no_more(locale: str) -> None:
    there = {message.id: message for message in catalogue(locale) if message.id}
    assert set(there) == messages()
    for message in there.values():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(strings), message.id
        assert not message.fuzzy


@pytest.mark.parametrize("locale", ["ar_MA", "fr_MA"])
def test_no_translation_names_a_field_that_its_message_lacks(locale: str) -> None:
    def named(text: str) -> set[str]:
        return {field for _, field, _, _ in Formatter().parse(text) if field}

    for message in catalogue(locale):
        if not message.id:
            continue
        many = isinstance(message.id, tuple)
        wanted = named(message.id[1] if many else message.id)
        for string in message.string if many else (message.string,):
            assert named(string) <= wanted, message.id
            assert many or named(string) == wanted, message.id


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_word_is_shown_outside_the_catalogue(path: Path) -> None:
    def literals(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "n_"):
            return
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        for child in ast.iter_child_nodes(node):
            yield from literals(child)

    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYING:
            for argument in node.args:
                shown = [text for text in literals(argument) if any(character.isalpha() for character in text)]
                assert not shown, (path.name, node.lineno, shown)


def test_every_code_function_and_kind_has_its_words() -> None:
    assert set(SENTENCES) == set(AgentCode)
    assert set(FUNCTIONS) == {function.value for function in OfficeFunction}
    for kind in DocumentKind:
        assert counted(language("en"), kind.value, 2) != counted(language("en"), "other", 2)


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "وثيقة واحدة"), (2, "وثيقتين"), (3, "3 وثائق"), (11, "11 وثيقة"), (100, "100 وثيقة"), (103, "103 وثائق")],
)
def test_arabic_counts_as_arabic_does(number: int, said: str) -> None:
    assert counted(language("ar"), "", number) == said


def test_numbers_and_days_are_moroccan() -> None:
    at = datetime(2026, 7, 3, 12, 0, tzinfo=UTC)
    assert "يوليوز" in language("ar").instant(at)
    assert language("ar").number(1234) == "1.234"
    assert "juillet" in language("fr").instant(at)


def test_foreign_text_cannot_turn_a_line_around() -> None:
    assert isolated("ab\u202ecd\u2069\n<b>") == "\u2068ab cd <b>\u2069"
    said = language("fr").say("Asked by") + isolated("x\u2067y")
    assert said.count("\u2067") == 0
    assert reference("L26-1\u200f") == "\u2066L26-1\u2069"
