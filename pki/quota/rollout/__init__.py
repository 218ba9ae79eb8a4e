"""How the country goes over to signing: committees, training, single windows, stages, and the reports of all this.

Officers' acts and reports come in. Committees, people, sessions, plans carry both times (in effect, recorded) and
are superseded, never edited; stages are never written, they are computed from what is on record. The room sees the
ledger and the orders and changes neither; what was signed comes in as a value, for it knows no document.
"""
