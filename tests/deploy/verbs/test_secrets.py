"""`webapp secrets set` stores a secret, names it in webapp.toml and never shows its value."""

from pathlib import Path

import pytest

from tests.deploy.standin.standin import StandIn
from tests.deploy.verbs.conftest import Project

pytestmark = pytest.mark.profile_free

VALUE = "correct-horse-battery-staple ünï"


def toml(project: Project) -> str:
    return (project.directory / "webapp.toml").read_text()


def append(project: Project, text: str) -> None:
    (project.directory / "webapp.toml").write_text(toml(project) + text)


def stored(aws: StandIn, name: str) -> str:
    text: str = aws.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    return text


def test_a_new_secret_is_named_in_webapp_toml(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    before = toml(project)

    ended = project.pipe(f"{VALUE}\n", "secrets", "set", "API_KEY", "--stage", "dev")

    arn = aws.client("secretsmanager").describe_secret(SecretId="guestbook/dev/API_KEY")["ARN"]
    assert stored(aws, "guestbook/dev/API_KEY") == VALUE
    assert toml(project) == f'{before}\n[stages.dev.secrets]\nAPI_KEY = "{arn}"\n'
    assert ended.stdout == (
        f"{arn} is stored, and webapp.toml names it in [stages.dev.secrets]; `webapp deploy` gives it to the "
        "processes\n"
    )
    assert VALUE not in ended.stdout + ended.stderr


def test_a_second_secret_joins_the_table_and_keeps_comments(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    append(project, '\n[stages.dev.secrets]  # ours\nDSN = "/guestbook/dsn"\n\n[stages.staging.environment]\nAA = ""\n')

    project.pipe(VALUE, "secrets", "set", "API_KEY", "--stage", "dev")

    arn = aws.client("secretsmanager").describe_secret(SecretId="guestbook/dev/API_KEY")["ARN"]
    expected = f'\n[stages.dev.secrets]  # ours\nDSN = "/guestbook/dsn"\nAPI_KEY = "{arn}"\n\n[stages.staging.env'
    assert expected in toml(project)


def test_a_known_secret_gets_a_new_version(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    project.pipe("first", "secrets", "set", "API_KEY", "--stage", "dev")
    written = toml(project)

    ended = project.pipe("second\nline\n", "secrets", "set", "API_KEY", "--stage", "dev")

    assert stored(aws, "guestbook/dev/API_KEY") == "second\nline"
    assert toml(project) == written
    assert "has a new version; running processes keep the value" in ended.stdout


def test_a_secret_without_its_line_is_found_by_its_name(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    before = toml(project)
    project.pipe("first", "secrets", "set", "API_KEY", "--stage", "dev")
    written = toml(project)
    (project.directory / "webapp.toml").write_text(before)

    project.pipe("second", "secrets", "set", "API_KEY", "--stage", "dev")

    assert stored(aws, "guestbook/dev/API_KEY") == "second"
    assert toml(project) == written


def test_a_terminal_does_not_show_the_value(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)

    ended = project.type_hidden(f"{VALUE}\n", "secrets", "set", "API_KEY", "--stage", "dev")

    assert ended.exit_code == 0, ended.stderr
    assert stored(aws, "guestbook/dev/API_KEY") == VALUE
    assert "API_KEY: " in ended.stderr
    assert VALUE not in ended.stdout + ended.stderr + ended.echo


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AWS_SESSION_TOKEN", "x", "AWS_SESSION_TOKEN is reserved by AWS Lambda, where no function can set it"),
        ("WEBAPP_SECRET_KEY", "x", "WEBAPP_SECRET_KEY is set by the templates; remove it"),
        ("WEBAPP_MEASUREMENT_KEY", "x", "set MeasurementKeyArn in [stages.dev.parameters] instead"),
        ("WEBAPP_NONSENSE", "x", "WEBAPP_NONSENSE: the library has no such variable"),
        ("DATABASE_URL", "x", "DATABASE_URL is set by the tools themselves; remove it"),
        ("API-KEY", "x", "'API-KEY' is not a name that Lambda accepts"),
        ("X", "x", "'X' is not a name that Lambda accepts"),
        ("API_KEY", "", "the value of API_KEY is empty"),
        ("API_KEY", "a\0b", "the value of API_KEY contains a NUL character"),
        ("API_KEY", "x" * 65_537, "has 65537 bytes, and Secrets Manager accepts 65536"),
        ("PLAIN", "x", "PLAIN is a plain variable in [stages.dev.environment]; remove it there"),
        ("DSN", "x", "DSN is /guestbook/dsn of Parameter Store; change it there"),
        ("PASSWORD", "x", "PASSWORD is only the key 'password' of arn:aws:secretsmanager"),
    ],
)
def test_a_mistake_stores_nothing(name: str, value: str, expected: str, make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:login-a1B2c3"
    append(
        project,
        f'\n[stages.dev.environment]\nPLAIN = "1"\n[stages.dev.secrets]\nDSN = "/guestbook/dsn"\n'
        f'PASSWORD = "{arn}:password::"\n',
    )

    ended = project.pipe(value, "secrets", "set", name, "--stage", "dev", exit_code=2)

    assert expected in ended.stderr.splitlines()[-1]
    assert aws.client("secretsmanager").list_secrets()["SecretList"] == []


def test_bytes_that_are_not_utf8_are_not_shown(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)

    ended = project.pipe(b"hunter2\xff", "secrets", "set", "API_KEY", "--stage", "dev", exit_code=2)

    assert ended.stderr.splitlines()[-1].endswith(
        "standard input is not UTF-8; encode the secret as text, for example with base64"
    )
    assert "hunter2" not in ended.stderr


def test_an_inline_table_is_left_to_its_owner(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    path = project.directory / "webapp.toml"
    path.write_text(toml(project).replace("[stages.dev]\n", '[stages.dev]\nsecrets = { DSN = "/guestbook/dsn" }\n'))
    before = toml(project)

    ended = project.pipe(VALUE, "secrets", "set", "API_KEY", "--stage", "dev")

    arn = aws.client("secretsmanager").describe_secret(SecretId="guestbook/dev/API_KEY")["ARN"]
    assert f'is stored; add it to [stages.dev.secrets]: API_KEY = "{arn}"' in ended.stdout
    assert toml(project) == before


def test_a_dry_run_stores_nothing(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)

    shown = project.json("secrets", "set", "API_KEY", "--stage", "dev", "--dry-run")

    assert shown["name"] == "API_KEY"
    assert aws.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_secret_that_is_being_deleted_is_named(make_project, aws: StandIn):
    project: Project = make_project(aws.environ)
    aws.client("secretsmanager").create_secret(Name="guestbook/dev/API_KEY", SecretString=VALUE)
    aws.client("secretsmanager").delete_secret(SecretId="guestbook/dev/API_KEY", RecoveryWindowInDays=7)

    ended = project.pipe("new", "secrets", "set", "API_KEY", "--stage", "dev", exit_code=1)

    assert "is being deleted; `aws secretsmanager restore-secret --secret-id" in ended.stderr.splitlines()[-1]


def test_file_permissions_and_links_of_webapp_toml_remain(make_project, aws: StandIn, tmp_path: Path):
    project: Project = make_project(aws.environ)
    path, target = project.directory / "webapp.toml", tmp_path / "shared.toml"
    path.rename(target)
    path.symlink_to(target)
    target.chmod(0o640)

    project.pipe(VALUE, "secrets", "set", "API_KEY", "--stage", "dev")

    assert path.is_symlink()
    assert "API_KEY" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o640
