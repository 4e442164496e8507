"""The sections of `webapp doctor`, one module each."""
