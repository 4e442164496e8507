"""Examines whether `webapp deploy` can run here."""

from pathlib import Path

from django_runtimes.doctor.examination import Examination
from django_runtimes.doctor.finding import Finding, Level
from django_runtimes.extras import missing_package


def examine_aws(examination: Examination) -> list[Finding]:
    """Return the findings about deployment; without webapp.toml, as on a server, nothing is examined."""
    try:
        from django_runtimes.deploy.configuration import FILE_NAME, find_configuration
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("django_runtimes.deploy"):
            raise
        return [Finding(Level.SKIPPED, "the image does not contain webapp deploy, so nothing is deployed from here")]
    if find_configuration(Path.cwd()) is None:
        return [Finding(Level.SKIPPED, f"there is no {FILE_NAME} here or above, so nothing is deployed from here")]
    if examination.offline:
        return [Finding(Level.SKIPPED, "AWS was not queried, because of --offline")]
    try:
        # This import needs an extra that servers do not install.
        from django_runtimes.doctor.deployment import examine_deployment
    except ModuleNotFoundError as error:
        return [Finding(Level.SKIPPED, missing_package("webapp doctor aws", error.name, "deploy"))]
    return examine_deployment(Path.cwd(), verify=examination.verify)
