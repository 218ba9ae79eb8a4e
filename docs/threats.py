"""Build docs/threats.md from the `# THREAT:` notes that stand beside their defences in the code.

`python docs/threats.py` writes the page; `python docs/threats.py --check` fails when it is out of date,
or when a note names no defence, or a test that pytest would not collect.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hsm", "pki", "signer", "api", "deploy")
PAGE = ROOT / "docs" / "threats.md"
LABEL = re.compile(r"^\s*#\s*(THREAT|DEFENCE|TEST):\s*(.*)$")
MORE = re.compile(r"^\s*#\s{2,}(\S.*)$|^\s*#\s(\S.*)$")


@dataclass(slots=True)
class Note:
    """One threat, its defence and its test, with the file that holds them."""

    place: str
    threat: str = ""
    defence: str = ""
    test: str = ""


def notes(path: Path) -> list[Note]:
    """The notes of one source file, in order."""
    found: list[Note] = []
    label = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        match = LABEL.match(line)
        if match:
            label = match[1].lower()
            if label == "threat":
                found.append(Note(str(path.relative_to(ROOT))))
            if found:
                setattr(found[-1], label, match[2].strip())
        elif label and found and (more := MORE.match(line)):
            setattr(found[-1], label, f"{getattr(found[-1], label)} {more[1] or more[2]}".strip())
        else:
            label = ""
    return found


def missing(note: Note) -> list[str]:
    """What the note lacks: a defence, a test, or names in its TEST line that pytest would not collect."""
    lacking = [] if note.defence else ["no defence said"]
    named = re.findall(r"(tests/[\w/]+\.py)((?:::\w+)*)", note.test)
    for path, name in named:
        collected = tests_of(ROOT / path)
        if not collected or (name and name[2:] not in collected):
            lacking.append(path + name)
    return lacking if named else [*lacking, "no test named"]


@cache
def tests_of(file: Path) -> frozenset[str]:
    """What pytest collects of one file, as `test_x` and `TestX::test_y`: read from its text, nothing is run."""
    if not file.is_file() or not file.match("test_*.py"):
        return frozenset()
    return frozenset(_tests_in(ast.parse(file.read_text(encoding="utf-8")).body))


def _tests_in(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from (f"{node.name}::{name}" for name in _tests_in(node.body))
        elif isinstance(node, ast.ImportFrom) and node.module and node.names[0].name == "*":
            contract = ROOT / f"{node.module.replace('.', '/')}.py"
            yield from _tests_in(ast.parse(contract.read_text(encoding="utf-8")).body)


def page(every: list[Note]) -> str:
    """The whole page, as Markdown."""
    rows = [f"| {note.threat} | {note.defence} | `{note.place}` | {note.test} |" for note in every]
    head = "# Threats\n\nBuilt from the notes beside the defences by `python docs/threats.py`; not edited by hand.\n\n"
    return head + "| threat | defence | where | test |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"


def main() -> int:
    """Write the page, or check it."""
    files = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    every = [note for file in files for note in notes(file)]
    if "--check" not in sys.argv:
        PAGE.write_text(page(every), encoding="utf-8")
        return 0
    wrong = [f"{note.place}: {note.threat!r}: {', '.join(gone)}" for note in every if (gone := missing(note))]
    if PAGE.read_text(encoding="utf-8") != page(every):
        wrong.append("docs/threats.md is out of date: python docs/threats.py")
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
