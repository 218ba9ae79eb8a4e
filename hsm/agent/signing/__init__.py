"""One ceremony: the closed list read, checked, shown, signed, posted; each value kept until it is acknowledged.

Command and window start it at `ceremony`. It asks through the ports of `hsm.agent.consent` and `hsm.pin` and never
shows anything itself; it never signs bytes that it was given, only attributes built from a file it read and checked.
"""
