"""The command line: `khatam init`, `serve`, `doctor`, `verify`, `demo`; `call` is a client of the service.

Commands import their room inside the function, so that `--help` stays fast; each has `--json`.
"""
