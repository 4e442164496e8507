"""What the image has for the engine of the project's database."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from django_runtimes.config.databases.tls import PACKAGED_ROOTS
from django_runtimes.config.values.connection_strategy import Route
from django_runtimes.config.values.data_paths import Engine
from django_runtimes.project_files.reading.inspection import Inspection
from tests.unit.project_files.image.written_image import INSPECTION, adopt, lines


def on(engine: Engine) -> Inspection:
    return replace(INSPECTION, own_engines=frozenset({engine}))


def test_the_image_for_sql_server_trusts_the_authorities_of_rds(tmp_path: Path):
    dockerfile = lines(adopt(tmp_path, {"requirements.txt": "django\n"}, inspection=on(Engine.MSSQL)))

    (installed,) = (text for text in dockerfile if "apt-get install" in text)
    assert "ca-certificates libgssapi-krb5-2 libodbc2" in installed
    start = next(number for number, text in enumerate(dockerfile) if text.startswith("RUN roots="))
    assert dockerfile.index("COPY --from=build /app /app") < start < dockerfile.index("USER 10001:10001")
    end = next(number for number, text in enumerate(dockerfile) if number >= start and not text.endswith("\\"))
    store, programs = tmp_path / "store", tmp_path / "programs"
    store.mkdir()
    programs.mkdir()
    (programs / "update-ca-certificates").write_text(f"#!/bin/sh\ntouch {store}/updated\n")
    (programs / "update-ca-certificates").chmod(0o755)
    command = "\n".join(dockerfile[start : end + 1]).removeprefix("RUN ")
    command = command.replace("/usr/local/share/ca-certificates", str(store))
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.defpath])

    subprocess.run(["/bin/sh", "-c", command], check=True, env={"PATH": path}, timeout=60)

    assert (store / "updated").exists()
    beginning = "-----BEGIN CERTIFICATE-----"
    roots = PACKAGED_ROOTS[Route.DIRECT].read_text()
    files = [path.read_text() for path in store.glob("*.crt")]
    assert len(files) == roots.count(beginning) > 50
    assert all(text.startswith(beginning) and text.count(beginning) == 1 and text in roots for text in files)


@pytest.mark.parametrize("engine", [Engine.POSTGRESQL, Engine.MYSQL, Engine.ORACLE])
def test_other_images_do_not_change_the_systems_certificates(tmp_path: Path, engine: Engine):
    text = "\n".join(lines(adopt(tmp_path, {"requirements.txt": "django\n"}, inspection=on(engine))))

    assert "COPY --from=build /app /app" in text
    assert "ca-certificates" not in text


def test_the_library_of_mysqlclient_is_only_installed_where_it_is_loaded(tmp_path: Path):
    files = {"requirements.txt": "django\nmysqlclient\n"}
    run = "apt-get install --yes --no-install-recommends libmariadb3 "
    build = "build-essential default-libmysqlclient-dev pkg-config"

    replaced = adopt(tmp_path / "mysql", files, inspection=on(Engine.MYSQL))
    kept = adopt(tmp_path / "postgresql", files, inspection=on(Engine.POSTGRESQL))

    built, loaded = ("\n".join(lines(plan)) for plan in (replaced, kept))
    assert build in built
    assert build in loaded
    assert run not in built
    assert run in loaded
    assert [remark.partition(",")[0] for remark in replaced.remarks if "mysqlclient" in remark] == [
        "the image installs mysqlclient"
    ]
    assert not any("mysqlclient" in remark for remark in kept.remarks)
