"""The deploy creates the service-linked roles that the templates' resources need."""

import pytest

from django_runtimes.deploy.aws.service_roles import ROLES_OF_TYPES, service_roles
from tests.deploy.standin.cloudformation.schemas import schema
from tests.deploy.templates.analysis.stacks import read_template, template_names

pytestmark = pytest.mark.profile_free

# Types whose handlers may create a role for properties that no template has, or after a type that needs it too.
WITHOUT_ROLE = {
    "AWS::CloudTrail::Trail": "only a trail of an organization needs one",
    "AWS::DynamoDB::Table": "only replicas and scaled capacity need one",
    "AWS::EC2::FlowLog": "it writes to CloudWatch Logs with a role of the template",
    "AWS::RDS::DBClusterParameterGroup": "in the stack of the cluster",
    "AWS::RDS::DBParameterGroup": "in the stack of the instance",
    "AWS::RDS::DBSubnetGroup": "in the stack of the database",
    "AWS::RDS::OptionGroup": "in the stack of the instance",
}


def types_of_templates() -> set[str]:
    return {each["Type"] for name in template_names() for each in read_template(name)["Resources"].values()}


def test_each_type_that_may_need_a_role_is_known():
    needing = {
        name
        for name in types_of_templates()
        if "iam:CreateServiceLinkedRole" in schema(name)["handlers"]["create"].get("permissions", ())
    }

    assert needing - ROLES_OF_TYPES.keys() == WITHOUT_ROLE.keys()
    assert ROLES_OF_TYPES.keys() - types_of_templates() == set()


def test_a_role_is_created_once():
    names = [role.name for role in service_roles(["AWS::RDS::DBProxy", "AWS::RDS::DBInstance", "AWS::S3::Bucket"])]

    assert names == ["AWSServiceRoleForRDS"]
