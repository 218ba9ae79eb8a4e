"""The recipe for Windows; see README.md for what of it has been run."""
