"""Measures what a run takes: connections and waits, CPU time and memory, and the load of other processes."""
