"""What leaves by e-mail: notices to offices, a row each, sent by deferred work, once or more than once.

Acts hand notices over through `Mailer` in their own transaction; the jobs send. Nothing here decides who is told what
(`pki.registration.mailboxes.notices`), and no message holds a secret or a link that signs anything in.
"""
