"""Streaming responses, sent chunk by chunk."""
