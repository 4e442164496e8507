"""The commands that change roles, on a service whose roles belong to those of IAM."""

from typing import NoReturn

from django.core.management.base import CommandError


def refuse_roles() -> NoReturn:
    """Raise CommandError with the statements that an administrator runs."""
    raise CommandError(
        "Aurora DSQL's roles have no password and no timeouts, and belong to roles of IAM; as the role admin, run: "
        "CREATE ROLE webapp WITH LOGIN; AWS IAM GRANT webapp TO 'arn:aws:iam::ACCOUNT:role/NAME'; "
        "GRANT USAGE ON SCHEMA public TO webapp; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public "
        "TO webapp; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO webapp"
    )
