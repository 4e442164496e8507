import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.standin_tests.small_stacks import LOG, change, events, settled, template

pytestmark = pytest.mark.profile_free


def test_a_killed_stand_in_resumes_its_operations_and_state(aws: StandIn):
    cloudformation, ssm = aws.client("cloudformation"), aws.client("ssm")
    ssm.put_parameter(Name="/kept", Value="before", Type="String")
    secret = aws.client("secretsmanager").create_secret(Name="kept", SecretString="quiet")["ARN"]
    body = template({"A": LOG, "B": {**LOG, "DependsOn": "A"}, "C": {**LOG, "DependsOn": "B"}})
    described = change(cloudformation, "slow", body)
    aws.slow(0.3)
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])
    while ("A", "CREATE_COMPLETE") not in events(cloudformation, "slow"):
        pass

    aws.kill()
    aws.start()

    assert settled(cloudformation, "slow")["StackStatus"] == "CREATE_COMPLETE"
    seen = events(cloudformation, "slow")
    assert seen.count(("A", "CREATE_COMPLETE")) == 1
    assert seen[-1] == ("slow", "CREATE_COMPLETE")
    assert ssm.get_parameter(Name="/kept")["Parameter"]["Value"] == "before"
    assert aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "quiet"
    assert "cloudformation:ExecuteChangeSet" in aws.calls()
