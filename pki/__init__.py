"""Who may hold a key, the certificates, their status, and time.

Order inside the room: quota -> status -> ca -> registration -> journal -> records; tsa and trust stand beside ca.
Never imports a device driver, a web framework or the signer's room.
"""
