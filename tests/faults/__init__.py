"""Fault injection: `make faults` runs each case against a complete system and reports its figures."""
