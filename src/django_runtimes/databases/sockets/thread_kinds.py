"""Tells for how long a thread keeps a connection."""

import threading


def keeps_connections() -> bool:
    """Return whether this thread keeps a connection from a request's first query until the request ends.

    Threads that serve whole requests keep it. So does the main thread, which runs commands and Lambda's invocations.
    For any other thread, the end of its work is unknown.
    """
    thread = threading.current_thread()
    return thread is threading.main_thread() or getattr(thread, "serves_whole_requests", False)


def is_managed() -> bool:
    """Return whether a handler lends this thread to requests, and checks between their calls what must stay on it."""
    return hasattr(threading.current_thread(), "serves_whole_requests")
