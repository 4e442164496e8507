"""Reads the project that the tools work on: its folder, its block, its variables and its settings."""
