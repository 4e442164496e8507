"""Examines whether the store of the cache, the sessions and the counters answers."""

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.store_url import StoreKind
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.config.variables.throttle_variables import THROTTLE, THROTTLE_OUTAGE
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level


def examine_store(examination: Examination) -> list[Finding]:
    """Return the findings about the store of WEBAPP_STORE_URL, and about the limit that counts in it."""
    return [*_examine_answers(examination), *_examine_limit(examination)]


def _examine_limit(examination: Examination) -> list[Finding]:
    environment = examination.environment
    try:
        rate, outage, address = environment[THROTTLE], environment[THROTTLE_OUTAGE], environment[STORE_URL]
    except ConfigurationError as error:
        # The store's URL is reported with the store.
        return [] if str(error).startswith(STORE_URL.name) else [Finding(Level.UNREADABLE, str(error))]
    if rate is None:
        return []
    limit = f"each client address may send {rate.limit} requests in {rate.window_s} s"
    if address is None or address.kind is StoreKind.MEMORY:
        return [
            Finding(
                Level.WARNING,
                f"{limit} to each process, since each counts in its own memory",
                f"set {STORE_URL.name} to a store that all processes share",
            )
        ]
    return [Finding(Level.OK, f"{limit}; if the store does not answer, the limit is {outage}")]


def _examine_answers(examination: Examination) -> list[Finding]:
    try:
        address = examination.environment[STORE_URL]
    except ConfigurationError as error:
        return [Finding(Level.UNREADABLE, str(error))]
    if address is None:
        return [Finding(Level.SKIPPED, f"{STORE_URL.name} is not set, so the settings' own caches are used")]
    if examination.offline:
        return [Finding(Level.SKIPPED, "the store was not asked, because of --offline")]
    if examination.settings_error is not None or examination.missing_call is not None:
        return [Finding(Level.SKIPPED, "the store was not asked, because the settings do not load or call configure()")]
    # Only a process with a store needs this import, and the settings must be loaded before it.
    from django_runtimes.stores.store_probe import store_failure

    failure = store_failure()
    if failure is not None:
        return [Finding(Level.WRONG, failure.text, failure.remedy)]
    return [Finding(Level.OK, f"the store ({address.kind}) keeps entries")]
