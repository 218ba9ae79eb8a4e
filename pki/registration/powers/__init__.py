"""Powers beyond an office of one's own: delegations, findings of absence, substitution, special committees.

Entitlement, ceremonies (a deed that was signed) and officers' acts come in. What is recorded from paper, and what
reaches into the past, needs two officers over one digest (`proposals`). Rows carry both times and are superseded,
never edited. `chains` is pure: it says from whom a power comes, on one day, by what one reading of the register
tells. The room knows no document; what an act touches is told to it (`DocumentsTouched`).
"""
