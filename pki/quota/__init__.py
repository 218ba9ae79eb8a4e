"""How many keys a body may hold, who ordered which, and what became of each.

Agreements, tier tables, waves, allowances; two books (seats, purchases) in one append-only double-entry
ledger; orders and their life. Officers' acts, enrolment, ceremonies and reports come in. The room never
signs, never stops a signature because an allowance is exhausted, and changes no entry once written.
"""
