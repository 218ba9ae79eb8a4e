"""Who is at the command line: the account that the operating system knows, for the journal."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pki.journal.acts import Actor


def operator() -> Actor:
    """The operator as the actor of a command: `system:command-line/<account>`.

    By the user id of the process, not by what its environment says. Nobody's second person: who has the machine can
    be any account on it.
    """
    from pki.journal.acts import Actor, ActorKind

    number = os.getuid()
    try:
        account = pwd.getpwuid(number).pw_name
    except KeyError:  # an account that the machine has no name for, as in a container
        account = str(number)
    return Actor(kind=ActorKind.SYSTEM, id=f"command-line/{account}"[:90])
