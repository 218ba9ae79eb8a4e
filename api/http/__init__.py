"""The HTTP doors: one file a room, each route parsing, calling one act, rendering.

Bodies are capped and their type is matched before anything reads them; every refusal is an RFC 9457
problem; creating POSTs keep their answer under the caller's Idempotency-Key. No rule of the domain here.
"""
