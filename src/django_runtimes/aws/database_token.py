"""Signs tokens that log a user in at RDS, Aurora or Aurora DSQL in place of a password."""

import re
from datetime import datetime

from django_runtimes.aws.signature import AccessKey, SigningScope, presign

# The longest lifetime that RDS accepts, and the default of the AWS SDKs for Aurora DSQL.
LIFETIME_S = 900

_DSQL_ADMINISTRATOR = "admin"
# A cluster's own host, as id.dsql.eu-west-1.on.aws, or its host in a VPC, as id.dsql-suffix.eu-west-1.on.aws.
_DSQL_HOST = re.compile(r"[^.]+\.dsql(-[^.]+)?\.[^.]+\.on\.aws")


def database_token(key: AccessKey, *, region: str, host: str, port: int, user: str, at: datetime) -> str:
    """Return a token that lets `user` log in at `host` for 15 minutes from `at`, a time in UTC.

    A token for Aurora DSQL does not name its user. One for `admin` is valid for this user only; any other is valid for
    every role that is granted to the owner of the key.
    """
    host = host.lower()
    if _DSQL_HOST.fullmatch(host):
        service = "dsql"
        parameters = {"Action": "DbConnectAdmin" if user == _DSQL_ADMINISTRATOR else "DbConnect"}
    else:
        service = "rds-db"
        parameters = {"Action": "connect", "DBUser": user}
        host = f"{host}:{port}"
    scope = SigningScope(service, region, at)
    return presign(key, scope, host=host, parameters=parameters, lifetime_s=LIFETIME_S)
