"""The verbs of `webapp` that deploy, one module each."""
