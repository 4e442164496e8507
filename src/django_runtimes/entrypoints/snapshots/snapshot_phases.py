"""Runs the library's and the application's hooks around a snapshot, in their order."""

import gc
import logging
import os
from collections.abc import Callable
from typing import Any

from django_runtimes.aws.secret_renewal import SecretRenewal
from django_runtimes.entrypoints.snapshots.dropped_state import drop_state
from django_runtimes.entrypoints.snapshots.idle_threads import end_idle_threads, other_threads
from django_runtimes.entrypoints.snapshots.random_state import reseed
from django_runtimes.entrypoints.snapshots.renewed_secrets import renew_secrets
from django_runtimes.snapshot_hooks import HOOKS

logger = logging.getLogger(__name__)

_TRACE_ID = "_X_AMZN_TRACE_ID"


class SnapshotPhases:
    """What happens before the snapshot, and after each restore, around the hooks of the application.

    `rest` ends what serves requests, and `renewal` reads the secrets, if the process has any.
    """

    def __init__(self) -> None:
        self.rest: Callable[[], Any] = lambda: None
        self.renewal: SecretRenewal | None = None

    def register(self) -> None:
        """Register both phases with AWS's package, which both loops call.

        Before a snapshot it calls the hook last that was registered first, and after a restore it calls that one first.
        Call this before the application loads, since the application may register hooks there too.
        """
        import snapshot_restore_py

        snapshot_restore_py.register_before_snapshot(self.before_snapshot)
        snapshot_restore_py.register_after_restore(self.after_restore)

    def before_snapshot(self) -> None:
        """Run the application's hooks, then close and forget everything that restored environments must not share."""
        # Frozen objects would be neither found nor collected.
        gc.unfreeze()
        HOOKS.run_before_snapshot()
        self.rest()
        end_idle_threads()
        drop_state()
        HOOKS.release()
        os.environ.pop(_TRACE_ID, None)
        gc.collect()
        # The objects that are alive now stay so, and collecting garbage among them would copy their pages.
        gc.freeze()
        if left := other_threads():
            logger.warning(
                "Threads that all restored environments will share: %s; end them in a function with "
                "@django_runtimes.before_snapshot, and start them again after the restore",
                ", ".join(left),
            )

    def after_restore(self) -> None:
        """Make random numbers, secrets and settings those of this environment, then run the application's hooks."""
        reseed()
        if self.renewal is not None:
            renew_secrets(self.renewal)
        HOOKS.resume()
        HOOKS.run_after_restore()
