"""The command `webapp`, and what its tools share."""
