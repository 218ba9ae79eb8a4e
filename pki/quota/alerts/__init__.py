"""What needs an officer's eye: seats that run out, keys that end or lie idle, offices and keys that do not fit.

A sweep compares what holds in the records with the alerts that are open: one opens for each crossing, and closes when
its condition ends. Forecasts are read from the ledger. The jobs, officers' acts and the command line come in. The room
stops nothing and nobody: an exhausted allowance refuses orders elsewhere (`pki.quota.books`), and never a signature.
"""
