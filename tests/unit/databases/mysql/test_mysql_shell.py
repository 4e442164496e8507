"""The shell of MySQL and MariaDB gets the TLS of the application's connections."""

import ssl

import pytest

from django_runtimes.config.databases.credentials import IamToken
from django_runtimes.databases.mysql import mysql_shell
from django_runtimes.databases.mysql.mysql_shell import MysqlShell

ENTRY = {"NAME": "shop", "USER": "app", "PASSWORD": "secret", "HOST": "db.example", "PORT": 3306}


@pytest.fixture(params=["MariaDB", "MySQL"])
def product(request, monkeypatch) -> str:
    monkeypatch.setattr(mysql_shell, "_is_mariadb", lambda _: request.param == "MariaDB")
    return request.param


def words_of(product: str, **options: object) -> list[str]:
    arguments, _ = MysqlShell.settings_to_cmd_args_env({**ENTRY, "OPTIONS": options}, [])
    return [word for word in arguments if word.startswith("--ssl")]


def test_the_server_is_verified(product):
    words = {
        "MariaDB": ["--ssl", "--ssl-verify-server-cert", "--ssl-ca=/roots.pem"],
        "MySQL": ["--ssl-mode=VERIFY_IDENTITY", "--ssl-ca=/roots.pem"],
    }

    assert words_of(product, sslmode="verify-full", sslrootcert="/roots.pem") == words[product]


def test_encryption_is_required(product):
    words = {"MariaDB": ["--ssl"], "MySQL": ["--ssl-mode=REQUIRED"]}

    assert words_of(product, sslmode="require", ssl=ssl.create_default_context()) == words[product]


def test_a_local_server_needs_no_options(product):
    assert words_of(product, sslmode="prefer") == []


def test_an_option_file_stays_first(product):
    entry = {**ENTRY, "OPTIONS": {"sslmode": "require", "read_default_file": "/my.cnf"}}
    arguments, _ = MysqlShell.settings_to_cmd_args_env(entry, [])

    assert arguments[:2] == ["mysql", "--defaults-file=/my.cnf"]


def test_a_token_is_sent_by_an_encrypted_shell_only(product):
    entry = {**ENTRY, "CREDENTIALS": IamToken("eu-west-1")}

    _, encrypted = MysqlShell.settings_to_cmd_args_env({**entry, "OPTIONS": {"sslmode": "verify-full"}}, [])
    _, plain = MysqlShell.settings_to_cmd_args_env({**entry, "OPTIONS": {"sslmode": "prefer"}}, [])

    assert encrypted["LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN"] == "1"
    assert "LIBMYSQL_ENABLE_CLEARTEXT_PLUGIN" not in plain
