"""Who is at the door: officers, machine clients, agents; and the permissions that routes name as parameter types.

Tokens are random and stored as SHA-256 only; nothing here signs, issues or knows a document.
Permission checks use a reading session of their own, never the act's.
"""
