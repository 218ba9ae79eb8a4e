"""Benchmarks, one file a subject: `python -m bench [SUBJECT…] [--json]`.

A subject is a module with `run() -> Iterable[Figure]`. Every figure stands against a peer or a floor that was
measured in the same run, in the same unit.
"""
