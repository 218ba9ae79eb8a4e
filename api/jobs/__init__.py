"""Work that nobody waits for: capture of validation data, numbering of leaves, sweeps, revocation lists.

Every step is safe to run twice. Nothing here decides anything that an act does not decide.
"""
