"""One file with the compiled modules of a start, which the image contains (docs/decisions/0079)."""
