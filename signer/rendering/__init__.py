"""Documents laid out as PDF/A in Arabic and French: opinions, minutes, decisions, acceptances, signature marks.

Facts come in as frozen values (`facts`), one kind each; templates get finished strings in both languages as one JSON
input and never translate. What a template is given it prints: nobody's rights are judged here, nothing is signed,
and the clock is never read (the same facts give the same bytes).
"""
