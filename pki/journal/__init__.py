"""The journal: an append-only log of every act.

An act writes its leaf here, in its own transaction; one sequencer numbers leaves and events afterwards, in
commit order. Everybody comes in to write and to read events. The room never changes what it holds and
knows nothing of what the acts mean.
"""
