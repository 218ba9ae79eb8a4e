"""The program on the signer's PC: it shows what it is about to sign, checks the bytes itself, and only then signs.

Here live its configuration, the ports by which it asks a person, the devices of this PC, the spool, and the command
`khatam-agent`; in rooms of their own the service's client (`service`), a ceremony (`signing`), the holder's own device
(`holder`), the doctor and the window. Nobody imports this room; it leans on `hsm` alone and carries nothing of the
server. It never signs bytes that it was given: it builds them from a file it read, and it never sends or writes a PIN.
"""

VERSION = "0.1.0"
