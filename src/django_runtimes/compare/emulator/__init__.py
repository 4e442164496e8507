"""Emulates AWS Lambda: real processes of a function behind a local Runtime API and function URL."""
