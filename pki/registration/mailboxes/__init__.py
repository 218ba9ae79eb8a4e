"""Professional mailboxes: each belongs to an office of a body, and its reader is whoever holds that office that day.

Officers' acts, the ends of offices and whoever sends notices come in. A mailbox is no part of a certificate. The room
sends nothing: it says which address a notice to an office goes to, and hands it to a `Mailer`.
"""
