"""`khatam call`: what officers do and look at, asked of the running service with their own token.

A client like any other: it opens no database and acts as nobody but the officer, so that territory, level and four
eyes are the doors' own. The doors, their names and fields are read from the installed program (`operations`), what
was typed is checked by their own schemas before anything is sent (`values`), and a repeated act keeps its key
(`asking`). Doors of agents and of platforms are not called from here.
"""
