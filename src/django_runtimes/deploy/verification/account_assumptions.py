"""Assumptions that any account can verify, before the first deploy."""

import json
import secrets
from collections.abc import Iterator

from botocore.exceptions import ClientError

from django_runtimes.deploy.aws.aws_api import error_code, error_message
from django_runtimes.deploy.catalogue import STACKS
from django_runtimes.deploy.deploying_role import read_policies
from django_runtimes.deploy.preflight.names.taken_names import CLOUD_CONTROL_TYPES
from django_runtimes.deploy.preflight.planned_stage import PlannedStage
from django_runtimes.deploy.preflight.preflight_answer import PreflightAnswer
from django_runtimes.deploy.preflight.preflight_check import PreflightCheck, bad, good

REPORT = "report this, with the text above, as a bug of webapp"
# A type that no region has, as a region lacks a type.
_NO_TYPE = "AWS::Webapp::Nothing"


def _templates(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("cloudformation")
    for stack in STACKS:
        try:
            client.validate_template(TemplateBody=stage.context.templates[stack.name].body)
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise
            yield bad(f"AWS refuses the template {stack.template}: {error_message(error)}", REPORT)
            return
    yield good(f"AWS accepts the syntax of all {len(STACKS)} templates")


def _policies(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("accessanalyzer")
    policies = read_policies(stage.context)
    for name, document in policies.items():
        pages = client.get_paginator("validate_policy").paginate(
            policyDocument=json.dumps(document), policyType="IDENTITY_POLICY"
        )
        for page in pages:
            for finding in page["findings"]:
                if finding["findingType"] == "ERROR":
                    yield bad(f"IAM finds an error in the policy {name}: {finding['findingDetails']}", REPORT)
                    return
    yield good(f"IAM finds no error in the {len(policies)} policies of the deploying role")


def _missing_type(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("cloudformation")
    try:
        client.describe_type(Type="RESOURCE", TypeName=_NO_TYPE)
        found = "an answer"
    except ClientError as error:
        if error_code(error) in {"AccessDenied", "AccessDeniedException", "Throttling"}:
            raise
        found = error_code(error)
    if found in {"TypeNotFoundException", "CFNRegistryException"}:
        yield good(f"DescribeType answers {found} for a type that a region lacks")
    else:
        yield bad(f"DescribeType answers {found} for a type that a region lacks, not TypeNotFoundException", REPORT)


def _free_names(stage: PlannedStage) -> Iterator[PreflightAnswer]:
    client = stage.context.aws.brief_client("cloudcontrol")
    name = f"webapp-{secrets.token_hex(6)}"
    for type_name in CLOUD_CONTROL_TYPES:
        found = "an answer"
        try:
            client.get_resource(TypeName=type_name, Identifier=name)
        except ClientError as error:
            if error_code(error) in {"AccessDeniedException", "ThrottlingException"}:
                raise
            found = error_code(error)
        if found != "ResourceNotFoundException":
            yield bad(f"Cloud Control answers {found} for a free name of {type_name}", REPORT)
            return
    yield good(
        f"Cloud Control answers ResourceNotFoundException for free names of all {len(CLOUD_CONTROL_TYPES)} types"
    )


ACCOUNT_ASSUMPTIONS = (
    PreflightCheck("the syntax of the templates", ("cloudformation:ValidateTemplate",), _templates),
    PreflightCheck("the policies of the deploying role", ("access-analyzer:ValidatePolicy",), _policies),
    PreflightCheck("the answer for a missing type", ("cloudformation:DescribeType",), _missing_type),
    PreflightCheck("the answer for a free name", ("cloudformation:GetResource",), _free_names),
)
