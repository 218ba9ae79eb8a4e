"""The service as the agent meets it: addresses that may be followed, requests under an ephemeral key, one sitting.

Here live the client (RFC 9449 proofs of possession), what its refusals mean, and the session of one ticket with its
way back after an interruption. Every room that talks to the service comes through here. Nothing here knows a device or
a PIN, and no answer is trusted: what it carries is checked by who asked for it.
"""
