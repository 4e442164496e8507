"""Compares what a stage takes over with AWS: an existing network or database, or the snapshot of a new one."""
