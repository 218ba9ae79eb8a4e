"""The program on the signer's PC: it shows what it is about to sign, checks the bytes itself, and only then signs.

Here live the server's client, the check of what it sends (by `hsm.prepared`), the consent port, the choice of the
device, the spool, and the command `khatam-agent`. Nobody imports this room; it leans on `hsm` alone and carries
nothing of the server. It never signs bytes that it was given: it builds them from a file it read, and it never sends
or writes a PIN.
"""

VERSION = "0.1.0"
