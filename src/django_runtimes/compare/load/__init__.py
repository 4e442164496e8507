"""An open-loop load generator and its measurements."""
