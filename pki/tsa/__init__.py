"""The time-stamp authority (RFC 3161, RFC 5816, EN 319 422): request rules, the token, the clock's guard.

The responders and the wiring come in through `authority`. Nothing is stamped while the clock is unsure. The room
knows no database and no HTTP: requests and responses are bytes, the instant is an argument.
"""
