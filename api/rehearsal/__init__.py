"""The national rehearsal: years of the quota played over the real list of communes, in an installation of its own.

`country` says who would hold the keys, `keys` makes their pairs in memory and fifty in devices, `desk` brings one key
from its order to active, `stages` plays agreement, waves, losses, extras, a census, an election and the committees'
reports, `proofs` holds the books, the certificates and the devices to what they must be. It
calls the rooms' own acts and writes no table itself; it never runs in production. Every stage may be cut and begun
again: what is on record is found, and nothing is done twice. A key is accepted here without its signed document: one
licence with every signature is what `khatam demo` plays.
"""
