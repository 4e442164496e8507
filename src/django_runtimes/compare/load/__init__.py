"""An open-loop load generator and what it measures."""
