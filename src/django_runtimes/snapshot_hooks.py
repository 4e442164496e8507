"""What a process does before a snapshot of it is taken, and after each restore from the snapshot."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from django_runtimes.config.configuration_error import ConfigurationError

Hook = TypeVar("Hook", bound=Callable[[], Any])

_INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
_SNAP_START = "snap-start"


def takes_snapshot() -> bool:
    """Return whether Lambda takes a snapshot of this process at the end of its init phase."""
    return os.environ.get(_INITIALIZATION) == _SNAP_START


class SnapshotHooks:
    """The hooks of the application, and what the library's own modules release.

    Before a snapshot, the application's hooks run before the library closes anything, so that they can use everything.
    After a restore they run last, when secrets and credentials are current. The first error ends either phase.
    """

    def __init__(self) -> None:
        self._before_snapshot: list[Callable[[], Any]] = []
        self._after_restore: list[Callable[[], Any]] = []
        self._releases: list[Callable[[], Any]] = []
        self._resumptions: list[Callable[[], Any]] = []

    def before_snapshot(self, hook: Hook) -> Hook:
        """Register a function of the application; the last one that was registered runs first."""
        self._before_snapshot.append(_checked(hook, "before_snapshot"))
        return hook

    def after_restore(self, hook: Hook) -> Hook:
        """Register a function of the application; the functions run in the order of their registration."""
        self._after_restore.append(_checked(hook, "after_restore"))
        return hook

    def release_before_snapshot(self, release: Callable[[], Any]) -> None:
        """Register a function of the library that closes or forgets what restored processes must not share."""
        self._releases.append(release)

    def resume_after_restore(self, resume: Callable[[], Any]) -> None:
        """Register a function of the library that starts what the snapshot must not contain, such as a thread."""
        self._resumptions.append(resume)

    def run_before_snapshot(self) -> None:
        """Run the application's hooks, the last one first."""
        for hook in reversed(self._before_snapshot):
            hook()

    def release(self) -> None:
        """Close and forget what the loaded modules of the library hold."""
        for release in reversed(self._releases):
            release()

    def resume(self) -> None:
        """Start what the library left out of the snapshot."""
        for resume in self._resumptions:
            resume()

    def run_after_restore(self) -> None:
        """Run the application's hooks in the order of their registration."""
        for hook in self._after_restore:
            hook()


def _checked(hook: Hook, decorator: str) -> Hook:
    if not callable(hook):
        raise ConfigurationError(
            f"@{decorator} got {hook!r}, which is not a function; write @{decorator} above a function without arguments"
        )
    # A process without hooks starts without this import.
    from inspect import iscoroutinefunction

    if iscoroutinefunction(hook):
        raise ConfigurationError(
            f"@{decorator} got {hook.__qualname__}, which is asynchronous; no event loop runs then, so use a "
            "synchronous function"
        )
    return hook


HOOKS = SnapshotHooks()
