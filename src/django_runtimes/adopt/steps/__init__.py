"""The steps of `configure()`; each reads the variables and sets its own part of the draft."""
