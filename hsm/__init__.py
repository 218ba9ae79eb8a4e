"""Keys and the devices that hold them.

Knows no certificate authority, no dossier and no database: it ships to the signer's PC.
Inner rooms of the server may enter by `hsm.keys`, `hsm.pin`, `hsm.errors` and `hsm.prepared` only.
"""
