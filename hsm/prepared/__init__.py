"""What a device is asked to sign, judged by pure functions that server and agent share.

Here live the manifest (what one ceremony asks for), the enrolment manifest, the check that a prepared PDF is the
shown document plus one signature and nothing else, and the exact bytes that get signed. Every inner room may come in.
The room has no network, no clock and no device: an instant is an argument, a key is the `SigningKey` port.
It never takes a hash on trust: whatever it names, it computed from bytes it was given.
"""
