import botocore.session
import pytest

from django_runtimes.aws.aws_service import DYNAMODB, PARAMETER_STORE, SECRETS_MANAGER, SES, STS, endpoint_of
from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment

SESSION = botocore.session.Session()
REGIONS = [
    region
    for partition in SESSION.get_available_partitions()
    for region in SESSION.get_available_regions("dynamodb", partition, allow_non_regional=False)
]


@pytest.fixture
def files(tmp_path) -> dict[str, str]:
    """Return the variables that keep this machine's own files of AWS out."""
    return {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_the_endpoint_that_botocore_calls(files, region):
    client = SESSION.create_client("dynamodb", region, aws_access_key_id="AKID", aws_secret_access_key="example")

    assert endpoint_of(DYNAMODB, region, Environment(files)).geturl() == client.meta.endpoint_url


@pytest.mark.parametrize("service", [PARAMETER_STORE, SECRETS_MANAGER, SES], ids=lambda service: service.section)
@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1"])
def test_a_service_has_the_endpoint_that_botocore_calls(files, service, region):
    name = {"secrets_manager": "secretsmanager"}.get(service.section, service.section)
    client = SESSION.create_client(name, region, aws_access_key_id="AKID", aws_secret_access_key="example")

    assert endpoint_of(service, region, Environment(files)).geturl() == client.meta.endpoint_url
    assert client.meta.service_model.signing_name == service.name


def test_a_new_partition_of_botocore_is_noticed():
    assert len(REGIONS) > 35
    assert {region.split("-")[0] for region in REGIONS} <= {
        *("af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us"),
    }


def test_the_services_own_variable_overrides_the_general_one(files):
    environment = Environment(
        {**files, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2"}
    )

    assert endpoint_of(DYNAMODB, "eu-west-1", environment).geturl() == "http://127.0.0.1:2"
    assert endpoint_of(STS, "eu-west-1", environment).geturl() == "http://127.0.0.1:1"


def test_configured_endpoints_can_be_ignored(files):
    environment = Environment(
        {**files, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    )

    assert endpoint_of(DYNAMODB, "eu-west-1", environment).netloc == "dynamodb.eu-west-1.amazonaws.com"


def test_a_profiles_services_name_an_endpoint(files, tmp_path):
    (tmp_path / "config").write_text(
        "[profile shop]\nservices = local\n[services local]\ndynamodb =\n  endpoint_url = http://127.0.0.1:3\n"
    )

    environment = Environment({**files, "AWS_PROFILE": "shop"})

    assert endpoint_of(DYNAMODB, "eu-west-1", environment).geturl() == "http://127.0.0.1:3"


def test_a_broken_file_is_an_error(files, tmp_path):
    (tmp_path / "config").write_text("endpoint_url")

    with pytest.raises(ConfigurationError, match="cannot be parsed as a configuration file of AWS"):
        endpoint_of(DYNAMODB, "eu-west-1", Environment(files))


@pytest.mark.parametrize("url", ["127.0.0.1:4566", "http://", "http://127.0.0.1:99999", "http://[::1", "ftp://host"])
def test_an_endpoint_that_is_no_address_is_refused(files, url):
    environment = Environment({**files, "AWS_ENDPOINT_URL_DYNAMODB": url})

    with pytest.raises(ConfigurationError, match=r"^AWS_ENDPOINT_URL_DYNAMODB, .* is not the address of a server; "):
        endpoint_of(DYNAMODB, "eu-west-1", environment)
