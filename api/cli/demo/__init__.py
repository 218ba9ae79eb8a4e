"""`khatam demo`: the whole story on one machine, through the HTTP API and the real programs only.

Whatever stands here is a client: of the service (HTTP), of the agent (a program of its own, one a
signer, each with its own device) and of tools that we did not write. The devices themselves are
touched only to play people who sign outside the service.
"""
