"""Examines whether the store of the cache and the sessions answers."""

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.variables.store_variables import STORE_URL
from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level


def examine_store(examination: Examination) -> list[Finding]:
    """Return the finding about the store of WEBAPP_STORE_URL."""
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
