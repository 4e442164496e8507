"""The command `webapp`, and the code that its tools share."""
