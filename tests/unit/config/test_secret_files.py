"""Secret variables are read from files, in which orchestrators mount them."""

import pytest

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.secret_files import load_secret_files


@pytest.fixture
def file(tmp_path):
    return tmp_path / "secret"


@pytest.mark.parametrize("name", ["WEBAPP_SECRET_KEY", "WEBAPP_DB_PASSWORD", "DATABASE_URL", "WEBAPP_MEASUREMENT_KEY"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_sets_its_variable(file, name, end):
    file.write_bytes(f" first line\nsécond line {end}".encode())
    environ = {f"{name}_FILE": str(file), "HOME": "/"}

    load_secret_files(environ)

    assert environ == {name: " first line\nsécond line ", "HOME": "/"}


def test_an_empty_name_and_variables_without_secrets_are_left_alone():
    environ = {"WEBAPP_SECRET_KEY_FILE": "", "AWS_CONFIG_FILE": "/none", "WEBAPP_STAGE_FILE": "/none", "OWN_FILE": "/x"}

    load_secret_files(copy := dict(environ))

    assert copy == environ


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            None,
            "cannot be read (No such file or directory); mount a file that this user can read, or set "
            "WEBAPP_SECRET_KEY itself",
        ),
        (b"", "is empty; write the secret into it, or unset WEBAPP_SECRET_KEY_FILE"),
        (b"\r\n\n", "is empty; write the secret into it, or unset WEBAPP_SECRET_KEY_FILE"),
        (b"\xff\xfehunter2", "is not a text in UTF-8; store the secret as a text"),
        (b"hunter2\0", "is not a text in UTF-8; store the secret as a text"),
        (b"x" * 65537, "has more than 65536 bytes; store only the secret in it"),
    ],
    ids=["missing", "empty", "line breaks", "binary", "NUL", "large"],
)
def test_a_file_without_a_usable_secret(file, content, reason):
    if content is not None:
        file.write_bytes(content)
    environ = {"WEBAPP_SECRET_KEY_FILE": str(file)}

    with pytest.raises(ConfigurationError) as caught:
        load_secret_files(environ)

    assert str(caught.value) == f"WEBAPP_SECRET_KEY_FILE={str(file)!r} {reason}"
    assert "WEBAPP_SECRET_KEY" not in environ


def test_a_folder_is_no_secret(tmp_path):
    with pytest.raises(ConfigurationError, match=r"cannot be read \(Is a directory\)"):
        load_secret_files({"DATABASE_URL_FILE": str(tmp_path)})


def test_all_mistakes_are_reported_and_a_variable_beside_its_file_is_one(file):
    file.write_text("secret")
    environ = {
        "WEBAPP_SECRET_KEY": "other",
        "WEBAPP_SECRET_KEY_FILE": str(file),
        "WEBAPP_DB_PASSWORD_FILE": "/none",
        "DATABASE_URL_FILE": str(file),
    }

    with pytest.raises(ConfigurationError) as caught:
        load_secret_files(environ)

    texts = [str(caught.value), *map(str, caught.value.others)]
    assert texts[0] == "WEBAPP_SECRET_KEY and WEBAPP_SECRET_KEY_FILE are both set; unset one of them"
    assert texts[1].startswith("WEBAPP_DB_PASSWORD_FILE='/none' cannot be read")
    assert environ["DATABASE_URL"] == "secret"
