import pytest

from django_runtimes.cli.project.import_root import find_import_root


@pytest.fixture
def tree(tmp_path):
    def tree(*files: str):
        for name in files:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return tree


@pytest.mark.parametrize(
    ("files", "root"),
    [
        (["manage.py", "config/settings.py"], "."),
        (["manage.py", "config/settings/__init__.py"], "."),
        (["config/settings.py", "other/manage.py"], "."),
        (["src/config/settings.py"], "src"),
        (["manage.py", "src/config/settings.py"], "src"),
        (["backend/manage.py", "backend/config/settings.py", "config/nginx.conf"], "backend"),
        (["apps/web/manage.py", "apps/web/config/settings.py", "tools/manage.py"], "apps/web"),
        # The settings are installed elsewhere, so only manage.py identifies the root.
        (["manage.py", "other/manage.py"], "."),
        (["backend/manage.py"], "backend"),
        (["one/manage.py", "two/manage.py"], "."),
        (["a/b/c/manage.py", "a/b/c/config/settings.py"], "."),
        ([".git/manage.py", "node_modules/x/manage.py", "env/pyvenv.cfg", "env/manage.py"], "."),
    ],
)
def test_the_root_is_the_folder_that_holds_the_settings(tree, files, root):
    directory = tree(*files)

    assert find_import_root(directory, "config.settings") == directory / root


def test_without_settings_the_root_is_the_folder_of_manage_py(tree):
    directory = tree("backend/manage.py", "src/config/settings.py")

    assert find_import_root(directory, None) == directory / "backend"
