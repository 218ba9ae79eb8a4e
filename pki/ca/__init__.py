"""Certificates: profiles, names, serials, lint, issuance; issuers, our own and others'.

`quota` and the wiring come in through `requests` (CSRs), `issuance` and `authority`; `status` reads the tables.
Nothing is signed that was not recorded first, linted first, and frozen: what is signed is the very bytes that were
checked. The room never sees a private key: it asks a `Keyring`, with no transaction open.
"""
