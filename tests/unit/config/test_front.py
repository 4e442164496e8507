import pytest

from webapp.config.environment import Environment
from webapp.config.errors import ConfigurationError
from webapp.config.front import Front, read_front


def test_nothing_is_believed_that_was_not_asked_for():
    assert read_front(Environment({}), https=True) == Front("", "Host", "X-Forwarded-Proto")


def test_the_variables_are_taken():
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
def test_a_base_path_that_is_no_path_is_refused(path):
    with pytest.raises(ConfigurationError) as error:
        read_front(Environment({"WEBAPP_BASE_PATH": path}), https=True)

    assert str(error.value).startswith(f"WEBAPP_BASE_PATH={path!r} is not a path;")


@pytest.mark.parametrize("name", ["WEBAPP_HOST_HEADER", "WEBAPP_PROTO_HEADER"])
@pytest.mark.parametrize("header", ["X_Forwarded_Host", "X-", "a b", "x:y", "Cookie", "content-length"])
def test_a_header_that_cannot_tell_it_is_refused(name, header):
    with pytest.raises(ConfigurationError, match="is not a header for this"):
        read_front(Environment({name: header}), https=True)


@pytest.mark.parametrize("name", ["WEBAPP_HOST_HEADER", "WEBAPP_PROTO_HEADER"])
def test_a_header_that_nobody_would_believe_is_refused(name):
    with pytest.raises(ConfigurationError, match=f"WEBAPP_HTTPS is not 1.*unset {name}"):
        read_front(Environment({name: "X-Public"}), https=False)
