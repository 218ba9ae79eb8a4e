"""How a test drives a running card: a unix socket, one JSON object a line each way, from any process.

    {"act": "status"}                                     what the card counted
    {"act": "pull"}                                       out of the reader, now
    {"act": "insert", "port": 35963}                      into a reader
    {"act": "script", "latency": 0.3, "pull_in": 7, …}    the fields of `faults.Faults` by name; null takes one back
    {"act": "mute"} {"act": "speak"}                      answers are kept back, and given
    {"act": "tries", "pin": 1, "puk": 3}                  set the counters, as if wrong ones had been given

Every answer is the status, or {"error": …}.
"""

import json
import socketserver
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.rig.card.applet import Applet
from tests.rig.card.link import Link, NotThere

SCRIPTABLE = ("latency", "pull_in", "pull_after", "garbled_answers", "garbled_signatures")


class Control:
    """Acts of a test on one card."""

    def __init__(self, applet: Applet, link: Link) -> None:
        self._applet = applet
        self._link = link

    def act(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what `order` says and return the status."""
        acts: dict[str, Callable[[], None]] = {
            "status": lambda: None,
            "pull": self._link.pull,
            "insert": lambda: self._link.insert(order["port"], patience=order.get("patience", 10.0)),
            "script": lambda: self._script(order),
            "mute": self._mute,
            "speak": self._speak,
            "tries": lambda: self._tries(order),
        }
        try:
            acts[order["act"]]()
        except (NotThere, KeyError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}
        return self.status()

    def status(self) -> dict[str, Any]:
        """Return what the card counted and whether it is in a reader."""
        faults, state = self._applet.faults, self._applet.state
        return {
            "inserted": self._link.inserted,
            "begun": faults.begun,
            "made": faults.made,
            "answers": faults.answers,
            "signed": list(faults.signed),
            "pin_tries": state.pin_tries,
            "puk_tries": state.puk_tries,
            **asdict(self._applet.references.counts),
        }

    def _script(self, order: dict[str, Any]) -> None:
        given = {name: value for name, value in order.items() if name != "act"}
        if not given.keys() <= set(SCRIPTABLE):
            raise KeyError(*(given.keys() - set(SCRIPTABLE)))
        for name, value in given.items():
            setattr(self._applet.faults, name, value)

    def _mute(self) -> None:
        self._applet.faults.spoke.clear()
        self._applet.faults.silent.set()

    def _speak(self) -> None:
        self._applet.faults.silent.clear()
        self._applet.faults.spoke.set()

    def _tries(self, order: dict[str, Any]) -> None:
        state = self._applet.state
        state.pin_tries = int(order.get("pin", state.pin_tries))
        state.puk_tries = int(order.get("puk", state.puk_tries))
        state.save()


def server(path: Path, control: Control) -> socketserver.ThreadingUnixStreamServer:
    """Return a server bound at `path`; its owner runs it."""

    class Door(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write(json.dumps(control.act(json.loads(line))).encode() + b"\n")

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

    return Server(str(path), Door)
