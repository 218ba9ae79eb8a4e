"""The window on the signer's PC: who asks, who signs, the closed list, the very pages, the PIN, the progress.

It implements the ports of `hsm.agent.consent` and `hsm.pin` over Qt: the engine runs in a thread of its own and asks
through `bridge`; pages only show and answer. Nothing here hashes for signing, talks to the service or calls a driver.
"""
