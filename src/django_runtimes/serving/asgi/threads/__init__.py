"""Threads that requests run on: who waits for one, who holds one, and what is left on it."""
