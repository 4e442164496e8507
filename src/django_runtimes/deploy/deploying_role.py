"""Reads the policies that the deploying role needs, for one project, region and account."""

import json
from collections.abc import Mapping
from typing import Any

import boto3.session

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.context import Context
from django_runtimes.deploy.templates.template_source import library_templates

_FOLDER = "deploying-role"
# IAM's limit for a managed policy, which does not count white space.
LONGEST_POLICY = 6144


def read_policies(context: Context) -> dict[str, dict[str, Any]]:
    """Return each policy document by its name, with the project's names filled in."""
    aws = context.aws
    values = {
        "ACCOUNT": aws.account,
        "PARTITION": boto3.session.Session().get_partition_for_region(aws.region),
        "PROJECT": context.configuration.project,
        "REGION": aws.region,
    }
    folder = context.template_source.directory / _FOLDER
    if not folder.is_dir():
        # A copy of the templates may be older than the policies.
        folder = library_templates() / _FOLDER
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise ToolError(f"{folder} has no policies; install the library's wheel again")
    return {path.stem: json.loads(_filled(path.read_text(encoding="utf-8"), values)) for path in paths}


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text
