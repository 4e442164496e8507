"""Reads the tools' project: its folder, its [tool.webapp] block, its variables and its settings."""
