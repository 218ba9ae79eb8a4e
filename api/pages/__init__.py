"""Public pages: check by reference, check a file. Server-rendered, without JavaScript, in Arabic, French and English.

Whoever reads them is unknown: they show what the public answer holds and nothing else. They judge nothing
themselves and keep nothing of what is uploaded.
"""
