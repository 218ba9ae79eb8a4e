"""Building signed PDFs: signature fields, prepared increments, CMS into the gap, validation data; and the intake.

Everything here is pure: bytes in, bytes out, an instant is an argument. Each change is one increment that touches as
little as it can, so that the signer's agent can name every byte of it. No key is ever here: the value comes from
outside, is embedded exactly as given, and whether it is good is the caller's check. Nothing is fetched either: time-
stamps and status proofs come through `ports`.
"""
