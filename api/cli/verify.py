"""`khatam verify`: check files here, with a register (`--data`) or against trust anchors alone (`--trust`)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.settings import Settings
    from signer.verification.trust import TrustConfiguration
    from signer.verification.workers import Workers

Looked = tuple[bool, dict[str, Any]]
"""Whether a file holds, and what was found, as JSON knows it."""


def verify(
    files: Annotated[list[Path], typer.Argument(help="PDF files.", exists=True, dir_okay=False, readable=True)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
    trust: Annotated[
        Path | None, typer.Option("--trust", help="Trust anchors, PEM: no register is asked.", dir_okay=False)
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="An installation's folder: its register is asked. Default: KHATAM_DATA."),
    ] = None,
) -> None:
    """Verify files. Exit 0 only when all are intact and trusted and, where a register is at hand, authentic."""
    from signer.verification.workers import Workers

    from .voice import console, print_json

    # Decided first: a wrong option is said at once, not after the workers have started.
    settings, anchors = _grounds(trust, data, as_json=as_json)
    sound, voice = True, console(as_json=as_json)
    with Workers(count=1) as workers:
        look = _with_register(workers, settings) if settings else _without_register(workers, anchors)
        for file in files:
            held, found = look(file)
            sound = sound and held
            if as_json:
                print_json({"file": str(file), "ok": held, **found})
            else:
                voice.print("✓" if held else "✗", f"{file}:", _said(found), markup=False, soft_wrap=True)
    raise typer.Exit(0 if sound else 1)


def _grounds(
    trust: Path | None, data: Path | None, *, as_json: bool
) -> tuple[Settings | None, TrustConfiguration | None]:
    """An installation, or anchors; `--trust` alone leaves the register aside."""
    from signer.verification.errors import TrustRefused
    from signer.verification.trust import trust_from_pem

    from .voice import end, opened

    if trust is None:
        return opened(data, as_json=as_json), None
    if data is not None:
        end("Give --trust or --data, not both. Nothing was verified.", as_json=as_json)
    try:
        return None, trust_from_pem(trust.read_bytes())
    except (OSError, TrustRefused) as refusal:
        end(f"{trust}: {refusal}", as_json=as_json)


def _with_register(workers: Workers, settings: Settings) -> Callable[[Path], Looked]:
    from api.storage.folder import Folder
    from pki.records import Records
    from signer.verification.answer import Verdict, as_plain
    from signer.verification.service_trust import trust_of
    from signer.verification.verifier import Verifier

    verifier = Verifier(
        records=Records.open(settings.database),
        files=Folder(settings.files),
        workers=workers,
        trust=trust_of(settings.environment.value),
        rehearsal=settings.rehearsal,
    )

    def look(path: Path) -> Looked:
        answer = verifier.verify_file(path.absolute(), at=_now())
        return answer.verdict is Verdict.AUTHENTIC, as_plain(answer)

    return look


def _without_register(workers: Workers, anchors: TrustConfiguration | None) -> Callable[[Path], Looked]:
    from signer.verification.answer import as_plain
    from signer.verification.offline import verify_offline

    assert anchors is not None

    def look(path: Path) -> Looked:
        result = verify_offline(workers, path.absolute(), anchors, at=_now())
        return result.sound, as_plain(result.findings)

    return look


def _now() -> datetime:
    return datetime.now(UTC)


def _said(found: dict[str, Any]) -> str:
    """One line for people: the sentence of an answer, or what each signature is worth."""
    if "sentences" in found:
        return f"{found['verdict']} ({found['reason']}). {found['sentences']['en']}"
    if not found["signatures"]:
        return f"no signature ({found['form']})"
    return "; ".join(_signature_said(each) for each in found["signatures"])


def _signature_said(signature: dict[str, Any]) -> str:
    words = [signature["indication"], signature["sub_indication"], signature["level"]]
    changes = "" if signature["changes_allowed"] else ", content added or not covered"
    name = signature["certificate"]["subject"] if signature["certificate"] else "unknown signer"
    time = f", {signature['best_time']}" if signature["best_time"] else ""
    return f"{name}: {' '.join(word for word in words if word)}{time}{changes}"
