"""The Dockerfile and .dockerignore, for requirements of every kind."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.project_files.dependencies.library import VENDOR
from tests.unit.project_files.image.written_image import INSPECTION, INSTALL, WHEEL, adopt, lines


@pytest.mark.parametrize(
    "line", ["-e libs/greet", "./libs/greet", "greet @ file:./libs/greet", "./wheels/greet-1-py3-none-any.whl"]
)
def test_the_source_is_copied_before_packages_from_the_project(tmp_path: Path, line: str):
    dockerfile = lines(adopt(tmp_path, {"requirements.txt": f"django\n{line}\n"}))

    copied, installed = dockerfile.index("COPY . ."), dockerfile.index(f"{INSTALL} -r requirements.txt")
    assert copied < installed


def test_a_linked_folder_is_found_beside_the_requirements_first(tmp_path: Path):
    files = {
        "requirements.txt": "-r requirements/base.txt\n",
        "requirements/base.txt": "django\n--no-index --find-links wheels\n",
        "requirements/wheels/greet-1-py3-none-any.whl": "",
        "wheels/greet-1-py3-none-any.whl": "",
        ".dockerignore": "*\n",
    }

    assert "!requirements/wheels" in lines(adopt(tmp_path, files), "Dockerfile.dockerignore")


def test_a_linked_folder_is_found_where_pip_runs(tmp_path: Path):
    files = {
        "requirements/base.txt": "django\n-f wheels\n",
        "wheels/greet-1-py3-none-any.whl": "",
        ".dockerignore": "*\n",
    }

    assert "!wheels" in lines(adopt(tmp_path, files), "Dockerfile.dockerignore")


def test_a_git_requirement_in_utf_16_installs_git(tmp_path: Path):
    (tmp_path / "requirements.txt").write_bytes("django\ngreet @ git+https://git.example/greet\n".encode("utf-16"))

    assert "    && apt-get install --yes --no-install-recommends git \\" in lines(adopt(tmp_path, {}))


@pytest.mark.parametrize("option", ["-c", "-r"])
def test_files_at_urls_are_left_to_pip(tmp_path: Path, option: str):
    dockerfile = lines(adopt(tmp_path, {"requirements.txt": f"{option} https://x.example/a.txt\ndjango\n"}))

    assert [line for line in dockerfile if line.startswith("COPY ") and "--from" not in line] == [
        "COPY requirements.txt ./",
        "COPY vendor ./vendor/",
        "COPY . .",
    ]


@pytest.mark.parametrize(
    "line", ["-r ../../common.txt", "-c ../../common.txt", "-e ../../libs/greet", "greet @ file:///srv/greet"]
)
def test_packages_from_outside_the_project_are_refused(tmp_path: Path, line: str):
    (tmp_path / "common.txt").write_text("django\n")
    api = tmp_path / "services/api"

    with pytest.raises(UsageError, match=r"outside .*/services/api, the image's build folder; copy it"):
        adopt(api, {"requirements.txt": f"{line}\ngunicorn\n"})


def test_pip_runs_in_the_subfolder_of_the_requirements(tmp_path: Path):
    plan = adopt(tmp_path, {"backend/requirements.txt": "django\n"}, python_path="backend")

    dockerfile = lines(plan)
    assert lines(plan, "backend/requirements.txt")[-1] == f"./vendor/{WHEEL.file_name}"
    assert plan.read(tmp_path / "backend/vendor" / WHEEL.file_name) == b"wheel"
    start = dockerfile.index("COPY backend/requirements.txt ./backend/")
    assert dockerfile[start : start + 5] == [
        "COPY backend/requirements.txt ./backend/",
        "COPY backend/vendor ./backend/vendor/",
        "WORKDIR /app/backend",
        f"{INSTALL} -r requirements.txt",
        "WORKDIR /app",
    ]


def test_pip_runs_in_the_folder_that_local_paths_are_relative_to(tmp_path: Path):
    files = {"backend/requirements.txt": "django\n-e backend/libs/greet\n", "backend/libs/greet/pyproject.toml": ""}

    plan = adopt(tmp_path, files, python_path="backend")

    assert plan.read(tmp_path / WHEEL.path) == b"wheel"
    assert f"{INSTALL} -r backend/requirements.txt" in lines(plan)


@pytest.mark.parametrize(
    "line", ["git+https://x.example/a#egg=django-runtimes", "django-runtimes @ git+https://x.example/a@0123456"]
)
@pytest.mark.parametrize("folders", [(), ("vendor",)])
def test_a_vendor_folder_without_files_is_not_copied(tmp_path: Path, line: str, folders: tuple[str, ...]):
    for folder in folders:
        (tmp_path / folder).mkdir()

    plan = adopt(tmp_path, {"requirements.txt": f"django\n{line}\n"})

    assert not any(VENDOR in text for text in lines(plan))


@pytest.mark.parametrize(
    ("requirements", "command"),
    [
        ("django\ndjango-runtimes>=1\n", f"{INSTALL} -r requirements.txt ./{WHEEL.path}"),
        (
            f"django==5.2 --hash=sha256:00\ndjango-runtimes==1.2 --hash=sha256:{WHEEL.sha256}\n",
            f"{INSTALL} --require-hashes -r requirements.txt --find-links vendor",
        ),
        (f"django\n./{WHEEL.path}\n", f"{INSTALL} -r requirements.txt"),
    ],
)
def test_a_library_that_is_listed_by_name_is_installed_from_its_wheel(tmp_path: Path, requirements: str, command: str):
    (tmp_path / "vendor").mkdir()
    (tmp_path / WHEEL.path).write_bytes(WHEEL.content)

    dockerfile = lines(adopt(tmp_path, {"requirements.txt": requirements}))

    assert dockerfile.index("COPY vendor ./vendor/") < dockerfile.index(command)


def test_the_projects_own_vendor_folder_is_copied(tmp_path: Path):
    plan = adopt(tmp_path, {"requirements.txt": "django\ndjango-runtimes>=1.2\n", "vendor/greet-1.tar.gz": ""})

    assert "COPY vendor ./vendor/" in lines(plan)


def test_an_allow_list_is_extended_in_a_copy_for_the_image(tmp_path: Path):
    own = {"Dockerfile": "FROM scratch\n", ".dockerignore": "*\n!shop\n!manage.py\n!requirements.txt\n"}

    plan = adopt(tmp_path, {**own, "requirements.txt": "django\n-e libs/greet\n"})

    assert lines(plan, "Dockerfile.webapp.dockerignore")[:4] == own[".dockerignore"].splitlines()
    assert lines(plan, "Dockerfile.webapp.dockerignore")[5:] == ["!libs/greet", "!vendor"]
    assert (tmp_path / ".dockerignore").read_text() == own[".dockerignore"]
    assert tmp_path / ".dockerignore" not in {change.path for change in plan.changes}


def test_a_dockerignore_that_excludes_nothing_needed_is_kept(tmp_path: Path):
    plan = adopt(tmp_path, {".dockerignore": ".git\n", "requirements.txt": "django\n"})

    assert not plan.exists(tmp_path / "Dockerfile.dockerignore")


def test_a_project_may_get_django_from_another_package(tmp_path: Path):
    text = '[project]\nname = "shop"\ndependencies = [\n  "whitenoise",\n  "django-storages",\n]\n'

    plan = adopt(tmp_path, {"pyproject.toml": text})

    assert b'"django-runtimes>=1.2",' in (plan.read(tmp_path / "pyproject.toml") or b"")
    assert not plan.exists(tmp_path / "requirements.txt")
    assert any('["project"]["dependencies"]' in line for line in lines(plan))


DYNAMIC = """\
[project]
name = "shop"
dynamic = ["dependencies"]
[tool.setuptools.dynamic]
dependencies = {file = ["deps.in"]}
"""


@pytest.mark.parametrize(
    ("files", "first_line", "copied"),
    [
        ({"pyproject.toml": DYNAMIC, "deps.in": "django\n"}, "-r deps.in", "COPY requirements.txt deps.in ./"),
        (
            {"setup.cfg": "[options]\ninstall_requires = file: deps.in\n", "deps.in": "django\n"},
            "-r deps.in",
            "COPY requirements.txt deps.in ./",
        ),
        ({"setup.cfg": "[options]\ninstall_requires =\n  django\n"}, ".", "COPY . ."),
        ({"setup.py": 'setup(install_requires=["django"])'}, ".", "COPY . ."),
        ({"pyproject.toml": '[project]\nname = "shop"\ndynamic = ["dependencies"]\n'}, ".", "COPY . ."),
    ],
)
def test_the_projects_own_metadata_is_installed(tmp_path: Path, files: dict[str, str], first_line: str, copied: str):
    plan = adopt(tmp_path, files)

    assert lines(plan, "requirements.txt") == [first_line, f"./{WHEEL.path}"]
    dockerfile = lines(plan)
    assert dockerfile.index(copied) < dockerfile.index(f"{INSTALL} -r requirements.txt")
    assert plan.remarks == []


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": DYNAMIC.replace("deps.in", "requirements.txt")},
        {"setup.cfg": "[options]\ninstall_requires = file: requirements.txt\n"},
        {"setup.py": 'setup(install_requires=open("requirements.txt").read().splitlines())'},
    ],
)
def test_no_path_is_written_into_requirements_read_by_setuptools(tmp_path: Path, files: dict[str, str]):
    plan = adopt(tmp_path, {**files, "requirements.txt": "django\n"})

    assert lines(plan, "requirements.txt") == ["django", "django-runtimes>=1.2"]
    assert f"{INSTALL} -r requirements.txt ./{WHEEL.path}" in lines(plan)
    assert [remark.rpartition("; ")[2] for remark in plan.remarks] == [
        f"outside the image, install ./{WHEEL.path} first"
    ]


def test_packages_listed_only_for_conda_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"environment.yml lists the packages for conda, .* requirements.txt"):
        adopt(tmp_path, {"environment.yml": "dependencies:\n  - django\n"})


@pytest.mark.parametrize(
    "files", [{}, {"requirements.txt": "gunicorn\n"}, {"setup.cfg": "[flake8]\nmax-line-length = 100\n"}]
)
def test_a_project_that_lists_no_django_gets_a_note(tmp_path: Path, files: dict[str, str]):
    plan = adopt(tmp_path, files)

    (remark,) = plan.remarks
    assert remark.startswith("requirements.txt lists django-runtimes, but neither Django nor another package")


def test_a_note_says_what_the_projects_own_dockerfile_needs(tmp_path: Path):
    own = "FROM python\nCOPY requirements.txt /\nRUN pip install -r /requirements.txt\n"

    plan = adopt(tmp_path, {"Dockerfile": own, "requirements.txt": "django\n"})

    (remark,) = plan.remarks
    assert remark.endswith("copy the wheel into pip's working directory before pip runs: COPY vendor vendor/")


def test_a_note_asks_the_projects_own_dockerfile_to_install_the_wheel(tmp_path: Path):
    own = "FROM python\nCOPY requirements.txt /\nRUN pip install -r /requirements.txt\n"

    plan = adopt(tmp_path, {"Dockerfile": own, "requirements.txt": "django\ndjango-runtimes\n"})

    assert plan.remarks[-1].endswith(
        f"which lists django-runtimes without its source, the wheel ./{WHEEL.path}; copy the wheel into pip's working "
        "directory before pip runs, and let the same pip command install it: COPY vendor vendor/"
    )


def test_a_dockerfile_that_installs_no_requirements_gets_no_note(tmp_path: Path):
    assert adopt(tmp_path, {"Dockerfile": "FROM scratch\n", "requirements.txt": "django\n"}).remarks == []


@pytest.mark.parametrize(("pattern", "is_ignored"), [("vendor/", True), ("*.whl", True), ("dist/", False)])
def test_a_wheel_that_git_ignores_gets_a_note(tmp_path: Path, pattern: str, *, is_ignored: bool):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)

    plan = adopt(tmp_path, {".gitignore": f"{pattern}\n", "requirements.txt": "django\n"})

    assert [remark.rpartition(": ")[2] for remark in plan.remarks] == (
        [f"git add --force {WHEEL.path}"] if is_ignored else []
    )


def test_one_line_gives_build_and_processes_a_manifest(tmp_path: Path):
    inspection = replace(INSPECTION, apps=("django.contrib.staticfiles",))

    dockerfile = lines(adopt(tmp_path, {"requirements.txt": "django\n"}, inspection=inspection))

    declared, first = dockerfile.index("ARG WEBAPP_STATIC_MANIFEST="), dockerfile.index("FROM ${BASE_IMAGE} AS build")
    final = dockerfile.index("FROM ${BASE_IMAGE} AS served")
    redeclared = [number for number, line in enumerate(dockerfile) if line == "ARG WEBAPP_STATIC_MANIFEST"]
    collected = next(number for number, line in enumerate(dockerfile) if "collectstatic --no-input" in line)
    assert declared < first < redeclared[0] < collected < final < redeclared[1]
    before_the_files = dockerfile[dockerfile.index("COPY --from=build /opt/venv /opt/venv") - 1]
    assert before_the_files.endswith("WEBAPP_STATIC_MANIFEST=${WEBAPP_STATIC_MANIFEST}")
    assert "WEBAPP_STATIC_MANIFEST" not in "".join(lines(adopt(tmp_path / "none", {"requirements.txt": "django\n"})))


def test_the_bundle_of_modules_is_made_in_a_stage_of_its_own(tmp_path: Path):
    inspection = replace(INSPECTION, variables={"SHOP_KEY": "placeholder"})

    dockerfile = lines(adopt(tmp_path, {"requirements.txt": "django\n"}, inspection=inspection))

    started = dockerfile.index("FROM served AS started")
    assert dockerfile[started + 1 :] == [
        "RUN DATABASE_URL=postgresql://nobody@127.0.0.1/nothing \\",
        "    SHOP_KEY=placeholder \\",
        "    python -m django_runtimes.entrypoints.bundle /tmp/modules.bundle || test -s /tmp/modules.bundle",
        "",
        "FROM served",
        "COPY --from=started /tmp/modules.bundle /opt/venv/modules.bundle",
    ]
    assert "WEBAPP_MODULE_BUNDLE=/opt/venv/modules.bundle" in "".join(dockerfile[:started])
