"""Writes a requirement on the library, in the form of each tool and each source."""

from packaging.specifiers import SpecifierSet

from django_runtimes.project_files.dependencies.library import NAME, Archive, Git, Library, Wheel


def wheel_line(library: Library, wheel: Wheel) -> str:
    """Return the line of a requirements file for a wheel in the project."""
    # pip resolves the path against its working directory.
    return f"./{wheel.path}" + library.name.removeprefix(NAME)


def requirement(library: Library) -> str:
    """Return a PEP 508 requirement; for a wheel in the project, which PEP 508 cannot name, it states the version."""
    match library.source:
        case Git(url, commit, subdirectory):
            fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
            return f"{library.name} @ git+{url}@{commit}{fragment}"
        case Archive(url, hash_):
            return f"{library.name} @ {url}" + (f"#{hash_}" if hash_ else "")
    return f"{library.name}>={library.version}"


def key_line(library: Library, *, commit: str, archive: str, pythons: SpecifierSet | None) -> str:
    """Return the line of a table; `commit` and `archive` are the tool's keys for them."""
    values: dict[str, str] = {}
    match library.source:
        case Git(url, revision, subdirectory):
            values = {"git": url, commit: revision, **({"subdirectory": subdirectory} if subdirectory else {})}
        case Archive(url):
            values = {archive: url}
        case Wheel() as wheel:
            values = {"path": wheel.path}
    if pythons is not None:
        values["python"] = _text(pythons)
    items = [f'{key} = "{value}"' for key, value in values.items()]
    if library.extras:
        items.append("extras = [" + ", ".join(f'"{extra}"' for extra in library.extras) + "]")
    return f"{NAME} = {{{', '.join(items)}}}"


def source_table(table: str, library: Library, *, commit: str) -> str:
    """Return the library's own table below `table`."""
    match library.source:
        case Git(url, revision, subdirectory):
            lines = [f'git = "{url}"', f'{commit} = "{revision}"']
            lines += [f'subdirectory = "{subdirectory}"'] if subdirectory else []
        case Archive(url):
            lines = [f'url = "{url}"']
        case Wheel() as wheel:
            lines = [f'path = "{wheel.path}"']
    return "\n".join([f"[{table}.{NAME}]", *lines]) + "\n"


def _text(specifiers: SpecifierSet) -> str:
    return ",".join(sorted(map(str, specifiers), reverse=True))
