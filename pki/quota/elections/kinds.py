"""States of a council, outcomes for its keys, faults of a list's rows."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from pki.registration.kinds import ELECTED_FUNCTIONS, BodyKind
from pki.registration.retroactivity import Retroactivity

COUNCILS = frozenset({BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT})
"""Kinds of body that have an elected council."""
ELECTED = ELECTED_FUNCTIONS
"""Offices that end with a council and are filled by its election (113-14 art. 6-21)."""
MINUTES = Retroactivity(tolerance_days=7)
"""How far back one officer records the end of a council: its minutes reach him days after. Farther back two do."""


AHEAD = timedelta(days=365)
"""How far ahead the end of a council is recorded: a slip in the year would lock it, as it is frozen once."""


class CouncilState(StrEnum):
    """`frozen`: the outgoing offices ended; `seated`: the new ones are recorded. No row: nothing happened yet."""

    FROZEN = "frozen"
    SEATED = "seated"


class KeyOutcome(StrEnum):
    """What a new office-holder gets."""

    KEPT = "kept"
    """He has a key of this body already."""
    SUCCEEDS = "succeeds"
    """A new key in the seat of one who left."""
    ORDERED = "ordered"
    """A new key in a free seat: nobody before him had one."""
    NO_SEAT = "no-seat"
    """He would need a key, nobody before him had one, and every seat of the body is taken."""
    NONE = "none"
    """His office had no key before."""


class KeyEnd(StrEnum):
    """What becomes of a key whose office ended."""

    KEPT = "kept"
    """Its holder has a new office in the body."""
    PASSED = "passed"
    """Its seat goes to another's new key; its certificates are revoked: cessation of operation."""
    ENDED = "ended"
    """Nobody follows; revoked: cessation of operation."""
    LEFT = "left"
    """It stays as it is: it has no seat of ours, or whoever seated the council said so. It signs for no body."""


class OutgoingKeys(StrEnum):
    """What is done with keys that nobody follows."""

    REVOKE = "revoke"
    KEEP = "keep"


class RowFault(StrEnum):
    """Why a row of the list is not taken."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    CONTROL_CHARACTER = "control-character"
    FORMULA = "formula"
    TOO_FEW_CELLS = "too-few-cells"
    TOO_MANY_CELLS = "too-many-cells"
    BODY_UNKNOWN = "body-unknown"
    BODY_WITHOUT_COUNCIL = "body-without-council"
    FUNCTION_NOT_ELECTED = "function-not-elected"
    RANK_REFUSED = "rank-refused"
    NAME_REFUSED = "name-refused"
    CIN_MALFORMED = "cin-malformed"
    EMAIL_MALFORMED = "email-malformed"
    PHONE_MALFORMED = "phone-malformed"
    DATE_MALFORMED = "date-malformed"
    DATE_TO_COME = "date-to-come"
    PLACE_TWICE = "place-twice"
    PERSON_TWICE = "person-twice"
    COUNCIL_SEATED = "council-seated"


WORDS = {
    RowFault.EMPTY: "this cell must not be empty",
    RowFault.TOO_LONG: "longer than 300 characters",
    RowFault.CONTROL_CHARACTER: "holds a character that is not seen",
    RowFault.FORMULA: "begins like a formula (= + - @): write it as plain text",
    RowFault.TOO_FEW_CELLS: "has fewer cells than the heading",
    RowFault.TOO_MANY_CELLS: "has more cells than the heading",
    RowFault.BODY_UNKNOWN: "no commune or arrondissement on record has this code",
    RowFault.BODY_WITHOUT_COUNCIL: "this body has no elected council",
    RowFault.FUNCTION_NOT_ELECTED: "write president or vice_president",
    RowFault.RANK_REFUSED: "a vice-president has a rank from 1 to 30, a president none",
    RowFault.NAME_REFUSED: "this name cannot be read for what it is",
    RowFault.CIN_MALFORMED: "a national id is one or two letters and up to eight digits",
    RowFault.EMAIL_MALFORMED: "not an e-mail address",
    RowFault.PHONE_MALFORMED: "a telephone number is written as 0612345678 or +212612345678",
    RowFault.DATE_MALFORMED: "write the day as 2027-09-24 or 24/09/2027",
    RowFault.DATE_TO_COME: "this day has not come yet",
    RowFault.PLACE_TWICE: "the same office is filled by an earlier row of this list",
    RowFault.PERSON_TWICE: "the same person has an earlier row for this body",
    RowFault.COUNCIL_SEATED: "this council is seated: correct the office in the register",
}
"""For people, in English; the code is for programs and for other languages."""
