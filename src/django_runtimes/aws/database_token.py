"""Signs tokens that log a user in at RDS, Aurora or Aurora DSQL in place of a password."""

from datetime import datetime

from django_runtimes.aws.signature import AccessKey, SigningScope, presign
from django_runtimes.config.database_url.dsql_address import region_of_cluster

# The longest lifetime that RDS accepts, and the default of the AWS SDKs for Aurora DSQL.
LIFETIME_S = 900

_DSQL_ADMINISTRATOR = "admin"


def database_token(key: AccessKey, *, region: str, host: str, port: int, user: str, at: datetime) -> str:
    """Return a token that lets `user` log in at `host` for 15 minutes from `at`, a time in UTC.

    A token for Aurora DSQL does not name its user. One for `admin` is valid for this user only; any other is valid for
    every role that is granted to the owner of the key.
    """
    host = host.lower()
    if region_of_cluster(host) is not None:
        service = "dsql"
        parameters = {"Action": "DbConnectAdmin" if user == _DSQL_ADMINISTRATOR else "DbConnect"}
    else:
        service = "rds-db"
        parameters = {"Action": "connect", "DBUser": user}
        host = f"{host}:{port}"
    scope = SigningScope(service, region, at)
    return presign(key, scope, host=host, parameters=parameters, lifetime_s=LIFETIME_S)
