"""The image's security posture: secrets, privileges, headers and error pages."""

import http.client
import io
import json
import tarfile
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

import pytest

from tests.faults.figures.trials import Trial
from tests.image.containers import Container, container_environ, run_container
from tests.image.faults.parts.image_contents import Contents, contents_of, look_into
from tests.image.faults.parts.lambda_container import lambda_container
from tests.image.faults.parts.serving import HEADERS, serving
from tests.image.podman import BASE_IMAGE, podman

_PAGES = ("/", "/admin/login/", "/api/entries", "/api/nowhere", "/nowhere", "/entries/99999", "/static/nowhere.css")
_WANTED = {
    "strict-transport-security": "max-age=3600",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
# Texts of Django's debug pages and of unhandled errors.
_INSIDES = ("Traceback (most recent call last)", "DJANGO_SETTINGS_MODULE", "ROOT_URLCONF", "/opt/venv", "DEBUG = True")
_NOBODY = "/bin/false"
_SHELLS = ("/usr/bin/bash", "/usr/bin/dash", "/usr/bin/sh")

Page = tuple[dict[str, str], list[str], str]


@pytest.mark.fault(38, "posture", "image", repetitions=1)
def test_the_image_contains_no_secret_and_no_privileged_file(trial: Trial, image) -> None:
    # Without a source of advisories, known vulnerabilities of the packages are not checked; the figure says so.
    least = {"files": 1_000, "planted_found": 3, "advisories_checked": 0}
    with trial.judged(least=least, secrets=0, setuid=0, writable_by_all=0, root=0, shell_in_entrypoint=0):
        planted = _find_planted()
        found = contents_of(image, BASE_IMAGE)
        configuration = json.loads(podman("image", "inspect", "--format", "{{json .Config}}", image))
        user, _, group = configuration["User"].partition(":")
        trial.note(
            files=found.files,
            planted_found=len(planted.secrets) + len(planted.privileged),
            secrets=len(found.secrets),
            setuid=len(found.privileged),
            writable_by_all=len(found.writable_by_all),
            root=not (user.isdigit() and group.isdigit() and int(user) > 0 and int(group) > 0),
            shell_in_entrypoint=configuration["Entrypoint"][0] != "python",
            advisories_checked=0,
        )
        assert not [*found.secrets, *found.privileged, *found.writable_by_all]


@pytest.mark.fault(38, "posture", "aws_ecs", repetitions=1)
def test_a_container_has_no_excess_privileges_or_disclosures(trial: Trial, image, database_url, log) -> None:
    least = {"pages": len(_PAGES), "cookies": 1, "serves_without_shell": 1, "debug_refused": 78}
    limits = {"check_warnings": 0, "missing_headers": 0, "insecure_cookies": 0, "insides_shown": 0, "privileges": 0}
    with trial.judged(least=least, **limits):
        trial.note(
            check_warnings=_check_warnings(image, database_url, log),
            debug_refused=_exit_code_with_debug(image, database_url, log),
            serves_without_shell=_serves_without_shell(image, database_url, log),
        )
        with serving(image, database_url, log) as container:
            _judge(trial, [_page(container.url, path) for path in _PAGES])
            trial.note(privileges=_privileges(container))


@pytest.mark.fault(38, "posture", "aws_lambda", repetitions=1)
def test_a_function_discloses_no_internals(trial: Trial, image, database_url, log) -> None:
    least = {"pages": len(_PAGES), "cookies": 1}
    with (
        trial.judged(least=least, missing_headers=0, insecure_cookies=0, insides_shown=0),
        lambda_container(image, database_url, log) as function,
    ):
        replies = [function.get(path) for path in _PAGES]
        _judge(trial, [(reply["headers"], reply.get("cookies", []), reply["body"]) for reply in replies])


def _judge(trial: Trial, pages: list[Page]) -> None:
    missing = [name for headers, _, _ in pages for name, value in _WANTED.items() if headers.get(name) != value]
    cookies = [cookie for _, written, _ in pages for text in written for cookie in SimpleCookie(text).values()]
    insecure = [cookie.key for cookie in cookies if not cookie["secure"] or cookie["samesite"] not in {"Lax", "Strict"}]
    shown = [text for _, _, body in pages for text in _INSIDES if text in body]
    trial.note(
        pages=len(pages),
        cookies=len(cookies),
        missing_headers=len(missing),
        insecure_cookies=len(insecure),
        insides_shown=len(shown),
    )
    assert not [*missing, *insecure, *shown]


def _find_planted() -> Contents:
    """Return the findings in a layer with planted secrets and privileges."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as layer:
        for name, mode, content in (
            ("app/key.pem", 0o644, b"-----BEGIN " + b"PRIVATE KEY-----"),
            ("root/.netrc", 0o600, b""),
            ("usr/bin/up", 0o4755, b""),
        ):
            entry = tarfile.TarInfo(name)
            entry.mode, entry.size = mode, len(content)
            layer.addfile(entry, io.BytesIO(content))
    found = Contents(0, [], [], [])
    archive.seek(0)
    look_into(archive, found)
    return found


def _check_warnings(image: str, database_url: str, log) -> int:
    """Return the number of warnings from `check --deploy`; the settings give a reason for each silenced check."""
    arguments = ["check", "--deploy", "--fail-level", "WARNING"]
    with run_container(image, container_environ(database_url), log=log, arguments=arguments) as check:
        exit_code = check.wait()
    text = check.logs()
    assert exit_code == 0, text
    assert "System check identified no issues" in text
    return text.count("WARNINGS:")


def _exit_code_with_debug(image: str, database_url: str, log) -> int:
    environ = {**container_environ(database_url), "WEBAPP_DEBUG": "1"}
    with run_container(image, environ, log=log) as container:
        return container.wait()


def _serves_without_shell(image: str, database_url: str, log) -> bool:
    """Return whether the image serves with every shell replaced by another program."""
    hidden = [f"--volume={_NOBODY}:{shell}:ro" for shell in _SHELLS]
    with run_container(image, container_environ(database_url), log=log, options=hidden) as container:
        container.wait_until_serving("/readyz")
        return True


def _page(url: str, path: str) -> Page:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("GET", path, headers={**HEADERS, "Accept": "text/html"})
    response = connection.getresponse()
    body = response.read().decode(errors="replace")
    connection.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return headers, response.headers.get_all("Set-Cookie") or [], body


def _privileges(container: Container) -> int:
    """Return the number of excess privileges: capabilities, new privileges, root, and writable folders."""
    status = dict(
        line.split(":\t", 1)
        for line in container.execute("cat", "/proc/1/status").splitlines()
        if line.startswith(("CapEff", "CapBnd", "NoNewPrivs", "Uid"))
    )
    writable = container.execute("python", "-c", _WRITABLE).split()
    return (
        (int(status["CapEff"], 16) != 0)
        + (int(status["CapBnd"], 16) != 0)
        + (status["NoNewPrivs"] != "1")
        + ("0" in status["Uid"].split())
        + len(writable)
    )


_WRITABLE = """
import os
for directory in ("/", "/app", "/opt/venv", "/etc", "/usr", "/var", "/root", os.path.expanduser("~")):
    try:
        open(os.path.join(directory, "planted"), "x")
        print(directory)
    except OSError:
        pass
"""
