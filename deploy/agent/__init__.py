"""Packages of the agent for the signer's PC: `python -m deploy.agent.build` makes the `.deb`; `windows/` is the recipe
for the mayors' first target.

Nothing of the server is in them, nor consent without a person. What they carry is chosen from `requirements.lock`.
"""
