"""The devices that hold keys: received, handed from store to store, given to holders and taken back.

A device has one custodian at any instant; how it got there is a chain of rows that are only ever added, and
its own row is what the last of them says. Officers' acts, orders (which take and give back devices) and
exports come in. The room touches no key and no seat, and knows what it was told: a device that is not in the
inventory is no obstacle to anything.
"""
