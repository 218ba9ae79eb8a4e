"""Keeping signatures good over the years: validation data captured after the time-stamp.

Deferred work comes in through `capture`. It adds to a document's head by compare-and-set, never under a lease, and
never changes a byte that was signed. A signature is called B-LT only when the proof of its signer's and of its time-
stamper's status is at least as young as the time-stamp.
"""
