"""The threads that requests run on: requests wait for a thread, hold it and leave it without open connections."""
