"""Decides how the application runs, from variables alone: no I/O, no os.environ, no Django settings."""
