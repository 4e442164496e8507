"""The types of values that variables and profiles have."""
