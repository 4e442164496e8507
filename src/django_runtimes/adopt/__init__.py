"""Fits a project's settings to the runtime, and checks for code and settings that would fail on it."""
