"""System checks of an adopted project: settings that were set too late, and code and storage unfit for the runtime."""

from django_runtimes.adopt.checks.code import check_former_driver, check_threads
from django_runtimes.adopt.checks.commands import check_migrate
from django_runtimes.adopt.checks.deployed import check_aws_keys, check_hosts, check_secret_key
from django_runtimes.adopt.checks.later import check_set_later
from django_runtimes.adopt.checks.script_name import check_script_name
from django_runtimes.adopt.checks.storage import (
    check_caches,
    check_media,
    check_sessions,
    check_sessions_during_outages,
    check_static_files,
)
from django_runtimes.adopt.checks.unshared_limits import check_limits

CHECKS = (
    check_set_later,
    check_script_name,
    check_migrate,
    check_caches,
    check_sessions,
    check_sessions_during_outages,
    check_media,
    check_static_files,
    check_threads,
    check_aws_keys,
    check_former_driver,
    check_hosts,
    check_limits,
)
# Only `check --deploy` runs these.
DEPLOY_CHECKS = (check_secret_key,)
