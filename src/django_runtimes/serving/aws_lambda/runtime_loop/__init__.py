"""The library's own loop between Lambda's Runtime API and a handler."""
