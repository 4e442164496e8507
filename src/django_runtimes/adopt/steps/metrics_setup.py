"""Refuses metrics that would be lost."""

from django_runtimes.adopt.process_variables import ProcessVariables
from django_runtimes.adopt.setting_change import Draft
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.values.choices import LogFormat, MetricsFormat
from django_runtimes.config.variables.application_variables import LOG_FORMAT
from django_runtimes.config.variables.observability_variables import ACCESS_LOG, METRICS, STAGE


def refuse_lost_metrics(draft: Draft, variables: ProcessVariables) -> None:
    """Raise ConfigurationError for metrics without lines of JSON that carry them, or without a stage."""
    if variables[METRICS] is MetricsFormat.NONE:
        return
    chosen = f"{METRICS.name}='{variables[METRICS]}'"
    if not variables[ACCESS_LOG]:
        raise ConfigurationError(
            f"{chosen} adds metrics to the access log, which is off; set {ACCESS_LOG.name}=1, or unset {METRICS.name}"
        )
    log_format = variables.profile.log_format
    if log_format is not LogFormat.JSON:
        raise ConfigurationError(
            f"{chosen} needs lines of JSON, and the format is {log_format}; set {LOG_FORMAT.name}=json"
        )
    if variables[STAGE] is None:
        raise ConfigurationError(
            f"{chosen} needs a name that separates this application's metrics from others; set {STAGE.name} to a name "
            "such as shop-production"
        )
