"""The measured codebase: how its processes start, with which variables, and on which prepared database."""
