"""Measures one Django codebase under several targets, on real servers."""
