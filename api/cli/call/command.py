"""The command `khatam call`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    import httpx2

    from api.settings import Secret

    from .operations import Operation
    from .values import Asked

REFUSED, MISUSED, UNANSWERED = 1, 2, 3
"""Exit codes: the service said no; nothing was sent; nobody knows whether it was done."""
LARGE_BYTES = 64 * 1024
"""Of a body whose way to the service is shown."""
TRANSPORT: httpx2.BaseTransport | None = None
"""Of tests: an application in this process. None: the network."""


def call(
    operation: Annotated[
        str | None, typer.Argument(help="What is done: --list shows all. With --list: a word.")
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="Its fields; name=@FILE is what a file holds, a.b=c is nested."),
    ] = None,
    *,
    listed: Annotated[bool, typer.Option("--list", help="List what can be called.")] = False,
    describe: Annotated[bool, typer.Option("--describe", help="Show the fields of one operation.")] = False,
    body: Annotated[str | None, typer.Option("--body", metavar="FILE|-", help="The whole body, or its file.")] = None,
    server: Annotated[str | None, typer.Option("--server", help="The service. Default: KHATAM_SERVER.")] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="Your token. Default: KHATAM_TOKEN, or it is asked.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Idempotency-Key of an act whose answer was lost: it is done once.")
    ] = None,
    every_page: Annotated[bool, typer.Option("--all", help="All pages of a list.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for the answer: there whole, or not at all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON, refusals too.")] = False,
) -> None:
    """Act or look as an officer: ask the running service, with your own token.

    Exit 0 done, 1 refused by the service, 2 nothing was sent, 3 no answer.
    """
    from .asking import Refused, Unanswered, open_client, require_server
    from .values import Misuse, asked

    if listed:
        _list(operation, as_json=as_json)
        return
    try:
        found = _operation(operation)
        if describe:
            _describe(found, as_json=as_json)
            return
        request = asked(found, pairs or [], _body(body))
        origin = require_server(server or _environment()[0])
        with open_client(origin, _token(found, token_file), transport=TRANSPORT) as client:
            _ask(client, found, request, key=_key(found, key), every_page=every_page, output=output, as_json=as_json)
    except Misuse as misuse:
        _end(f"{misuse} Nothing was sent: khatam call --list, or OPERATION --describe, shows what is taken.", as_json)
    except Refused as refused:
        _end(str(refused), as_json, code=REFUSED, problem=refused.problem)
    except Unanswered as lost:
        _end(str(lost), as_json, code=UNANSWERED)
    except OSError as error:
        _end(f"The answer could not be written: {error.strerror}.", as_json, code=UNANSWERED)


def _ask(
    client: httpx2.Client,
    operation: Operation,
    request: Asked,
    *,
    key: str | None,
    every_page: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    from .answering import copy, opened, progress, read_json, readable, spelled
    from .asking import answered
    from .pages import all_pages

    shown = sys.stderr.isatty()
    sending = shown and len(request.content) > LARGE_BYTES
    pretty = not as_json and output is None and sys.stdout.isatty()

    def page(asked: Asked) -> dict[str, Any]:
        with answered(client, operation, asked) as answer:
            return read_json(answer)

    # Where it is written is opened first: what cannot be kept is not asked for.
    with opened(output) as into:
        if every_page:
            into.write(spelled(all_pages(operation, request, page), pretty=pretty))
            return
        with (
            progress("sent", len(request.content), shown=sending) as sent,
            answered(client, operation, request, key=key, sent=sent if sending else None) as answer,
        ):
            media_type = answer.headers.get("content-type", "")
            if media_type.startswith("application/json"):
                into.write(spelled(read_json(answer), pretty=pretty))
                return
            if output is None and sys.stdout.isatty() and not readable(media_type):
                _end(f"The answer is {media_type or 'a file'}: give --output FILE.", as_json)
            total = int(answer.headers["content-length"]) if "content-length" in answer.headers else None
            with progress("received", total, shown=shown and output is not None) as told:
                copy(answer, into, told)


def _operation(name: str | None) -> Operation:
    from .operations import operations
    from .values import Misuse

    if name is None:
        raise Misuse("Say what is to be called.")
    known = operations()
    if name not in known:
        near = [each for each in known if name.lower() in each.lower()]
        raise Misuse(f"There is no operation {name}." + (f" Meant may be {', '.join(near)}." if near else ""))
    return known[name]


def _body(named: str | None) -> bytes | None:
    from .values import Misuse

    if named is None:
        return None
    try:
        return sys.stdin.buffer.read() if named == "-" else Path(named).read_bytes()
    except OSError as error:
        raise Misuse(f"{named} cannot be read: {error.strerror}.") from error


def _environment() -> tuple[str | None, Secret | None]:
    from api.settings import officer_environment

    return officer_environment()


def _token(operation: Operation, file: Path | None) -> Secret | None:
    # THREAT: a token among a command's arguments is read by every user of the machine, and stays in the history.
    # DEFENCE: it comes from a file of its owner alone, from the environment or from a prompt that shows nothing.
    # TEST: tests/api/cli/call/test_command.py::test_a_token_comes_from_a_file_of_its_owner_alone
    from getpass import getpass

    from api.settings import Secret, SettingsRefused, token_in

    from .values import Misuse

    if operation.least is None:
        return None
    if file is not None:
        try:
            return token_in(file)
        except SettingsRefused as refusal:
            raise Misuse(str(refusal)) from refusal
    given = _environment()[1]
    if given is None and sys.stdin.isatty():
        given = Secret(getpass("Token: ").strip().encode())
    if given is None or not given.reveal():
        raise Misuse("No token: give --token-file FILE or set KHATAM_TOKEN.")
    return given


def _key(operation: Operation, given: str | None) -> str | None:
    """The key of an act, told before it is sent, so that even a killed command can be repeated."""
    from uuid import uuid4

    from .values import Misuse

    if not operation.takes_key:
        if given is not None:
            raise Misuse(f"{operation.name} takes no Idempotency-Key.")
        return None
    key = given or str(uuid4())
    sys.stderr.write(f"Idempotency-Key: {key}\n")
    return key


def _list(word: str | None, *, as_json: bool) -> None:
    from api.cli.voice import print_json

    from .describing import line, plain
    from .operations import operations

    wanted = (word or "").lower()
    found = [each for each in operations().values() if wanted in f"{each.name} {each.path} {each.said}".lower()]
    if as_json:
        print_json({"ok": True, "items": [plain(each) for each in found]})
        return
    for each in found:
        typer.echo(line(each))


def _describe(operation: Operation, *, as_json: bool) -> None:
    from api.cli.voice import print_json

    from .describing import plain, sheet

    if as_json:
        print_json({"ok": True, **plain(operation)})
        return
    for each in sheet(operation):
        typer.echo(each)


def _end(said: str, as_json: bool, *, code: int = MISUSED, problem: dict[str, Any] | None = None) -> NoReturn:
    from api.cli.voice import end, print_json

    if as_json and problem is not None:
        print_json({"ok": False, "error": said, "problem": problem})
        raise typer.Exit(code)
    end(said, as_json=as_json, code=code)
