"""The steps of the decision; each reads the variables and fills one part of the draft."""
