import pytest
from botocore.exceptions import ClientError

from tests.deploy.standin_tests.small_stacks import LOG, apply, change, delete, events, reason, template

pytestmark = pytest.mark.profile_free

_NAMED = {"Name": {"Type": "String", "AllowedPattern": "[a-z-]+"}}
_TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}


def _policy(topic: str):
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": topic}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}


def test_resources_are_created_after_their_dependencies(cloudformation):
    body = template({"Policy": _policy("Topic"), "Topic": _TOPIC}, Parameters=_NAMED)

    stack = apply(cloudformation, "ordered", body, Name="ordered")

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert events(cloudformation, "ordered") == [
        ("ordered", "REVIEW_IN_PROGRESS"),
        ("ordered", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_IN_PROGRESS"),
        ("Topic", "CREATE_COMPLETE"),
        ("Policy", "CREATE_IN_PROGRESS"),
        ("Policy", "CREATE_IN_PROGRESS"),
        ("Policy", "CREATE_COMPLETE"),
        ("ordered", "CREATE_COMPLETE"),
    ]


def test_a_change_set_changes_nothing_before_it_is_executed(cloudformation):
    described = change(cloudformation, "reviewed", template({"Log": LOG}))

    (shown,) = [each["ResourceChange"] for each in described["Changes"]]
    assert (shown["Action"], shown["LogicalResourceId"]) == ("Add", "Log")
    (stack,) = cloudformation.describe_stacks(StackName="reviewed")["Stacks"]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert cloudformation.list_stack_resources(StackName="reviewed")["StackResourceSummaries"] == []


def test_a_change_set_without_changes_fails(cloudformation):
    apply(cloudformation, "unchanged", template({"Log": LOG}))

    described = change(cloudformation, "unchanged", template({"Log": LOG}), kind="UPDATE")

    assert described["Status"] == "FAILED"
    assert "didn't contain changes" in described["StatusReason"]


def test_a_replaced_resource_updates_its_dependents(cloudformation):
    body = template({"Policy": _policy("Topic"), "Topic": _TOPIC}, Parameters=_NAMED)
    apply(cloudformation, "replaced", body, Name="former")

    described = change(cloudformation, "replaced", body, kind="UPDATE", Name="latter")

    shown = {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in described["Changes"]}
    assert (shown["Topic"]["Replacement"], shown["Policy"]["Replacement"]) == ("True", "False")


def test_iam_resources_need_an_acknowledged_capability(cloudformation):
    with pytest.raises(ClientError, match=r"Requires capabilities : \[CAPABILITY_IAM\]"):
        cloudformation.create_change_set(
            StackName="incapable",
            ChangeSetName="change",
            ChangeSetType="CREATE",
            TemplateBody=template({"Policy": _policy("Topic"), "Topic": _TOPIC}, Parameters=_NAMED),
            Parameters=[{"ParameterKey": "Name", "ParameterValue": "incapable"}],
        )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, r"Parameters: \[Name\] must have values"),
        ({"Name": "UPPER"}, "Parameter 'Name' must match pattern"),
        ({"Name": "lower", "Another": "x"}, r"Parameters: \[Another\] do not exist in the template"),
    ],
)
def test_parameters_are_checked_against_the_template(cloudformation, parameters, message):
    body = template({"Topic": _TOPIC}, Parameters=_NAMED)

    with pytest.raises(ClientError, match=message):
        change(cloudformation, "refused", body, **parameters)


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"A": {"Type": "AWS::Nothing::Known"}}, r"Unrecognized resource types: \[AWS::Nothing::Known\]"),
        ({"A": {**LOG, "Properties": {"LogGroupName": {"Ref": "B"}}}}, r"Unresolved resource dependencies \[B\]"),
    ],
)
def test_an_invalid_template_is_refused(cloudformation, resources, message):
    with pytest.raises(ClientError, match=message):
        change(cloudformation, "refused", template(resources))


def test_an_export_in_use_blocks_the_deletion_of_its_stack(cloudformation):
    outputs = {"Log": {"Value": {"Ref": "Log"}, "Export": {"Name": "exported-log"}}}
    apply(cloudformation, "exporting", template({"Log": LOG}, outputs=outputs))
    subscription = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::ImportValue": "exported-log"}}}
    apply(cloudformation, "importing", template({"Topic": subscription}))

    stack = delete(cloudformation, "exporting")

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["StackStatusReason"] == "Export exported-log cannot be deleted as it is in use by importing"
    assert delete(cloudformation, "importing")["StackStatus"] == "DELETE_COMPLETE"
    assert delete(cloudformation, "exporting")["StackStatus"] == "DELETE_COMPLETE"


def test_a_missing_export_fails_the_change_set(cloudformation):
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::ImportValue": "nobodys"}}}

    assert (
        "No export named nobodys found" in change(cloudformation, "orphan", template({"Topic": topic}))["StatusReason"]
    )


def test_a_retained_resource_outlives_its_stack(cloudformation, shared_aws):
    kept = {**LOG, "DeletionPolicy": "Retain", "Properties": {"LogGroupName": "/kept"}}
    apply(cloudformation, "retaining", template({"Kept": kept, "Log": LOG}))

    stack = delete(cloudformation, "retaining")

    assert ("Kept", "DELETE_SKIPPED") in events(cloudformation, stack["StackId"])
    groups = shared_aws.client("logs").describe_log_groups(logGroupNamePrefix="/kept")["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/kept"]


def test_retain_except_on_create_deletes_after_a_failed_creation(cloudformation, shared_aws):
    kept = {**LOG, "DeletionPolicy": "RetainExceptOnCreate", "Properties": {"LogGroupName": "/once"}}
    shared_aws.fail("Log", "not today", stack="unlucky", on="create")
    apply(cloudformation, "unlucky", template({"Kept": kept, "Log": {**LOG, "DependsOn": "Kept"}}))
    assert shared_aws.client("logs").describe_log_groups(logGroupNamePrefix="/once")["logGroups"] == []

    apply(cloudformation, "lucky", template({"Kept": kept}))
    delete(cloudformation, "lucky")

    assert len(shared_aws.client("logs").describe_log_groups(logGroupNamePrefix="/once")["logGroups"]) == 1


def test_a_bucket_with_objects_cannot_be_deleted(cloudformation, shared_aws):
    apply(cloudformation, "filled", template({"Bucket": {"Type": "AWS::S3::Bucket"}}))
    (bucket,) = cloudformation.list_stack_resources(StackName="filled")["StackResourceSummaries"]
    shared_aws.client("s3").put_object(Bucket=bucket["PhysicalResourceId"], Key="a", Body=b"b")

    assert delete(cloudformation, "filled")["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in reason(cloudformation, "filled", "Bucket", "DELETE_FAILED")


def test_a_nested_stack_exposes_its_outputs(cloudformation, shared_aws):
    s3 = shared_aws.client("s3")
    s3.create_bucket(Bucket="templates")
    inner = template({"Topic": _TOPIC}, Parameters=_NAMED, outputs={"Name": {"Value": {"Ref": "Name"}}})
    s3.put_object(Bucket="templates", Key="inner.yaml", Body=inner.encode())
    properties = {"TemplateURL": "https://templates.s3.amazonaws.com/inner.yaml", "Parameters": {"Name": "within"}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": properties}
    outputs = {"Name": {"Value": {"Fn::GetAtt": ["Nested", "Outputs.Name"]}}}

    stack = apply(cloudformation, "outer", template({"Nested": nested}, outputs=outputs))

    assert stack["Outputs"] == [{"OutputKey": "Name", "OutputValue": "within"}]
