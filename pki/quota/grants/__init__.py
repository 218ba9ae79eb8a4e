"""What changes a body's seats and an agreement's figures after the signing.

Plans, extras, transfers, a census, amendments, keys that were in the field before.

Each act moves balances by conditional statements and writes the movements that explain them; what one officer
asks for another decides, by the digest of exactly what will be done. Officers' acts, the command line and
reports come in. The room moves no order from state to state and never refuses a signature.

Locks are taken in one order: proposal, agreement, allowances by body id.
"""
