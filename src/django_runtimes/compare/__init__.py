"""Measures one Django codebase under every alternative, on real parts."""
