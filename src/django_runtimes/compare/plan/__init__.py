"""The plan of a run: its targets, loads and durations."""
