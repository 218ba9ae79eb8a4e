"""Every door (HTTP, pages, command line, jobs) and the wiring. Routes parse, call one act, render."""
