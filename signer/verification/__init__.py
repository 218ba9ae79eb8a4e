"""Is the file intact and signed well, was each signer entitled, is the licence in force: one answer.

Foreign bytes are read in spawned workers only (`workers`, `inspection`), which know no database and no network and
give plain findings back. Entitlement and force come from the register (`lookup`); `conclusion` joins both and is
pure. This room never signs, never fetches what a document names, and never says more than the public may know.
"""
