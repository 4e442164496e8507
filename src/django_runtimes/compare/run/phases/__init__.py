"""The phases of a measurement, and what plans them."""
