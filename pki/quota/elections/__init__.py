"""The end of mandates, council by council: new officials read, councils frozen and seated, keys handed on.

A plan is drafted, filled from a list, looked at, and carried out one council at a time, each in one
transaction with its row of state: run again, or after a kill, nothing is doubled. Officers' acts and the
command line come in. The room judges no right to sign (`pki.registration`), signs nothing, and takes no
person for another by name.
"""
