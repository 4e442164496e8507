"""One comparison: what it measures, on what, and what it found."""
