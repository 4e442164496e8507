import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.environment import Environment
from django_runtimes.config.http.front import Front, read_front


def test_without_variables_the_defaults_apply():
    assert read_front(Environment({}), https=True) == Front("", "Host", "X-Forwarded-Proto")


def test_variables_override_the_defaults():
    environment = Environment(
        {
            "WEBAPP_BASE_PATH": "/shop/v1.2",
            "WEBAPP_HOST_HEADER": "X-Forwarded-Host",
            "WEBAPP_PROTO_HEADER": "CloudFront-Forwarded-Proto",
        }
    )

    front = read_front(environment, https=True)

    assert front == Front("/shop/v1.2", "X-Forwarded-Host", "CloudFront-Forwarded-Proto")
    assert front.proto_meta_key == "HTTP_CLOUDFRONT_FORWARDED_PROTO"


@pytest.mark.parametrize(
    "path",
    ["shop", "/", "/shop/", "//shop", "/a//b", "/a/../b", "/.", "/a b", "/a%20b", "/shop?x", "https://a.example/shop"],
)
def test_an_invalid_base_path_is_refused(path):
    with pytest.raises(ConfigurationError) as error:
        read_front(Environment({"WEBAPP_BASE_PATH": path}), https=True)

    assert str(error.value).startswith(f"WEBAPP_BASE_PATH={path!r} is not a path;")


EITHER = pytest.mark.parametrize("name", ["WEBAPP_HOST_HEADER", "WEBAPP_PROTO_HEADER"])


@EITHER
@pytest.mark.parametrize(
    "header",
    [
        *("X_Forwarded_Host", "X-", "a b", "x:y", "Cookie", "content-length", "Content-Location", "Upgrade", "TE"),
        *("Forwarded", "X-Forwarded-For", "X-Forwarded-Port", "connection", "Proxy-Authorization", "Origin", "Via"),
        *("User-Agent", "Accept", "If-Match", "Sec-Fetch-Site", "CloudFront-Viewer-Address", "X-Amzn-Trace-Id"),
        *("X-Real-IP", "True-Client-IP", "traceparent", "X-Forwarded-Prefix", "Keep-Alive", "Expect"),
    ],
)
def test_an_unsuitable_header_is_refused(name, header):
    with pytest.raises(ConfigurationError, match="is not a usable header"):
        read_front(Environment({name: header}), https=True)


@EITHER
def test_a_header_is_refused_without_https(name):
    with pytest.raises(ConfigurationError, match=f"without WEBAPP_HTTPS=1 .*unset {name}"):
        read_front(Environment({name: "X-Public"}), https=False)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("WEBAPP_HOST_HEADER", "X-Forwarded-Proto"),
        ("WEBAPP_HOST_HEADER", "CloudFront-Forwarded-Proto"),
        ("WEBAPP_HOST_HEADER", "X-Forwarded-Ssl"),
        ("WEBAPP_PROTO_HEADER", "Host"),
        ("WEBAPP_PROTO_HEADER", "x-forwarded-host"),
        ("WEBAPP_PROTO_HEADER", "X-Forwarded-Ssl"),
    ],
)
def test_a_header_with_another_meaning_is_refused(name, header):
    with pytest.raises(ConfigurationError) as error:
        read_front(Environment({name: header}), https=True)

    assert str(error.value).startswith(f"{name}={header!r} is not a usable header; name a header ")
    assert "\n" not in str(error.value)


def test_one_header_for_host_and_scheme_is_refused():
    environment = Environment({"WEBAPP_HOST_HEADER": "X-Public", "WEBAPP_PROTO_HEADER": "x-public"})

    with pytest.raises(ConfigurationError, match=r"^WEBAPP_HOST_HEADER='X-Public' is also WEBAPP_PROTO_HEADER"):
        read_front(environment, https=True)


@pytest.mark.parametrize("header", ["X-Forwarded-Scheme", "CloudFront-Forwarded-Proto", "X-Public-Proto"])
def test_a_header_with_a_scheme_is_accepted(header):
    assert read_front(Environment({"WEBAPP_PROTO_HEADER": header}), https=True).proto_header == header


@pytest.mark.parametrize(("value", "is_stripped"), [("", None), ("1", True), ("0", False)])
def test_the_variable_says_whether_the_base_path_is_stripped(value, is_stripped):
    environment = Environment({"WEBAPP_BASE_PATH": "/shop", "WEBAPP_BASE_PATH_STRIPPED": value})

    assert read_front(environment, https=True).base_path_is_stripped is is_stripped


def test_stripping_without_a_base_path_is_refused():
    with pytest.raises(ConfigurationError, match=r"^WEBAPP_BASE_PATH_STRIPPED='1' is set, but WEBAPP_BASE_PATH is not"):
        read_front(Environment({"WEBAPP_BASE_PATH_STRIPPED": "1"}), https=True)
