"""Build docs/threats.md from the `# THREAT:` notes that stand beside their defences in the code.

`python docs/threats.py` writes the page; `python docs/threats.py --check` fails when it is out of date,
or when a note names a test that does not exist.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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


def missing_tests(note: Note) -> list[str]:
    """Names in the note's TEST line that no test file holds."""
    missing = []
    for path, name in re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", note.test):
        file = ROOT / path
        if not file.is_file() or (name and f"def {name}" not in file.read_text(encoding="utf-8")):
            missing.append(f"{path}::{name}" if name else path)
    return missing if note.test else ["no test named"]


def page(every: list[Note]) -> str:
    """The whole page, as Markdown."""
    rows = [f"| {note.threat} | {note.defence} | `{note.place}` | {note.test} |" for note in every]
    head = "# Threats\n\nBuilt from the notes beside the defences by `python docs/threats.py`; not edited by hand.\n\n"
    return head + "| threat | defence | where | test |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"


def main() -> int:
    """Write the page, or check it."""
    files = sorted(file for room in ("hsm", "pki", "signer", "api") for file in (ROOT / room).rglob("*.py"))
    every = [note for file in files for note in notes(file)]
    if "--check" not in sys.argv:
        PAGE.write_text(page(every), encoding="utf-8")
        return 0
    wrong = [f"{note.place}: {note.threat!r}: {', '.join(gone)}" for note in every if (gone := missing_tests(note))]
    if PAGE.read_text(encoding="utf-8") != page(every):
        wrong.append("docs/threats.md is out of date: python docs/threats.py")
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
