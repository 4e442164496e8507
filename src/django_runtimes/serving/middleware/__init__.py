"""Decides which middleware of a project may run synchronously, and keeps `request.auser()` correct."""
