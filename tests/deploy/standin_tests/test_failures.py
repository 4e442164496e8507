import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.deploy.standin_tests.small_stacks import ALARM, LOG, apply, change, delete, events, reason, settled, template

pytestmark = pytest.mark.profile_free


def _alarm(threshold: int):
    return {**ALARM, "Properties": {**ALARM["Properties"], "Threshold": threshold}}


def test_a_failed_creation_leaves_only_the_stack(cloudformation, shared_aws):
    shared_aws.fail("Alarm", "Alarms are sold out", stack="failing")
    log = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/failing"}}
    later = {**_alarm(1), "DependsOn": "Log"}

    stack = apply(cloudformation, "failing", template({"Log": log, "Alarm": later, "Other": later}))

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason(cloudformation, "failing", "Alarm", "CREATE_FAILED") == "Alarms are sold out"
    assert reason(cloudformation, "failing", "Other", "CREATE_FAILED") == "Resource creation cancelled"
    assert shared_aws.client("logs").describe_log_groups(logGroupNamePrefix="/failing")["logGroups"] == []


def test_a_stack_in_rollback_complete_can_only_be_deleted(cloudformation, shared_aws):
    shared_aws.fail("Log", "No", stack="stuck")
    apply(cloudformation, "stuck", template({"Log": LOG}))

    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        change(cloudformation, "stuck", template({"Log": LOG, "Alarm": _alarm(1)}), kind="UPDATE")
    assert delete(cloudformation, "stuck")["StackStatus"] == "DELETE_COMPLETE"


def test_a_failed_update_rolls_back(cloudformation, shared_aws):
    apply(cloudformation, "returning", template({"First": _alarm(1), "Second": {**_alarm(1), "DependsOn": "First"}}))
    shared_aws.fail("Second", "Not today", stack="returning", on="update", times=1)

    body = template({"First": _alarm(2), "Second": {**_alarm(2), "DependsOn": "First"}, "New": LOG})
    stack = apply(cloudformation, "returning", body, kind="UPDATE")

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert events(cloudformation, "returning")[-12:] == [
        ("New", "CREATE_COMPLETE"),
        ("Second", "UPDATE_IN_PROGRESS"),
        ("Second", "UPDATE_FAILED"),
        ("returning", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("First", "UPDATE_IN_PROGRESS"),
        ("First", "UPDATE_COMPLETE"),
        ("Second", "UPDATE_IN_PROGRESS"),
        ("Second", "UPDATE_COMPLETE"),
        ("returning", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("New", "DELETE_IN_PROGRESS"),
        ("New", "DELETE_COMPLETE"),
        ("returning", "UPDATE_ROLLBACK_COMPLETE"),
    ]


def test_a_failed_rollback_can_be_continued(cloudformation, shared_aws):
    apply(cloudformation, "halting", template({"Alarm": _alarm(1)}))
    shared_aws.fail("Alarm", "Not today", stack="halting", on="update")
    shared_aws.fail("Alarm", "Nor back", stack="halting", on="rollback", times=1)

    stack = apply(cloudformation, "halting", template({"Alarm": _alarm(2)}), kind="UPDATE")
    cloudformation.continue_update_rollback(StackName="halting")

    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert settled(cloudformation, "halting")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_denied_action_is_answered_with_iams_message(cloudformation, shared_aws):
    shared_aws.deny("cloudformation:ListStacks")

    with pytest.raises(ClientError, match=r"AccessDenied.*is not authorized to perform: cloudformation:ListStacks"):
        cloudformation.list_stacks()


def test_an_expired_token_stops_every_call(cloudformation, shared_aws):
    shared_aws.expire_token()

    with pytest.raises(ClientError, match="ExpiredToken"):
        cloudformation.list_stacks()
    with pytest.raises(ClientError, match="ExpiredToken"):
        shared_aws.client("ssm").describe_parameters()


def test_stacks_of_different_regions_are_separate(cloudformation, shared_aws):
    apply(cloudformation, "here", template({"Log": LOG}))

    with pytest.raises(ClientError, match="Stack with id here does not exist"):
        shared_aws.client("cloudformation", region="eu-west-1").describe_stacks(StackName="here")


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        ("AWS::SNS::Topic", {"Colour": "red"}, "extraneous key [Colour] is not permitted"),
        ("AWS::SNS::Subscription", {"Protocol": "email"}, "required key [TopicArn] not found"),
    ],
)
def test_invalid_properties_fail_the_creation(cloudformation, kind, properties, message):
    name = f"invalid-{kind.rpartition(':')[2].lower()}"
    apply(cloudformation, name, template({"Wrong": {"Type": kind, "Properties": properties}}))

    assert message in reason(cloudformation, name, "Wrong", "CREATE_FAILED")


def test_a_released_call_fails_without_taking_effect(cloudformation, shared_aws):
    described = change(cloudformation, "waiting", template({"Log": LOG}))
    shared_aws.hold("cloudformation:ExecuteChangeSet", "waiting", done=False)

    with ThreadPoolExecutor() as pool:
        executing = pool.submit(cloudformation.execute_change_set, ChangeSetName=described["ChangeSetId"])
        while not shared_aws.is_held():
            time.sleep(0.02)
        shared_aws.release()

        with pytest.raises(ClientError, match="the test released this call"):
            executing.result()
    assert cloudformation.describe_stacks(StackName="waiting")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"


def test_a_call_can_be_held_after_it_took_effect(cloudformation, shared_aws):
    shared_aws.hold("ssm:PutParameter", "/waiting one", done=True)

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(shared_aws.client("ssm").put_parameter, Name="/waiting", Value="one", Type="String")
        while not shared_aws.is_held():
            time.sleep(0.02)
        kept = shared_aws.client("ssm").get_parameter(Name="/waiting")["Parameter"]["Value"]
        shared_aws.release()

        assert writing.exception() is not None
    assert kept == "one"


def test_an_error_can_be_limited_to_a_number_of_calls(cloudformation, shared_aws):
    shared_aws.refuse("cloudformation:ListStacks", "ValidationError", "Not now", times=1)

    with pytest.raises(ClientError, match="Not now"):
        cloudformation.list_stacks()
    cloudformation.list_stacks()
