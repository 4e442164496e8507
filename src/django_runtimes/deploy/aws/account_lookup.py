"""Finds the account of the credentials at hand, if there are any, for `webapp init`."""

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Only a comment of the new file depends on the answer.
_CONFIG = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})


def account_at_hand(region: str) -> str | None:
    """Return the number of the account, or None without valid credentials or a connection."""
    try:
        client = boto3.session.Session(region_name=region).client("sts", config=_CONFIG)
        account: str = client.get_caller_identity()["Account"]
    except (BotoCoreError, ClientError, OSError, ValueError):
        # botocore raises the last two for invalid files and endpoints; the verbs report them.
        return None
    return account
