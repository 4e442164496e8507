"""Reads secret variables from files, as Docker and Kubernetes mount secrets."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.mistakes import Mistakes

SUFFIX = "_FILE"
# The kernel limits a variable to 128 KiB.
_MAX_BYTES = 64 * 1024


def load_secret_files(environ: MutableMapping[str, str]) -> None:
    """Set each secret variable whose file is named by the variable with `_FILE` after its name, and unset that one.

    Child processes therefore receive the secret alone. Raise ConfigurationError, which never shows a content, with all
    files that cannot be read.
    """
    mistakes = Mistakes()
    for name in list(_named(environ)):
        with mistakes.collected():
            if environ.get(name):
                raise ConfigurationError(f"{name} and {name}{SUFFIX} are both set; unset one of them")
            environ[name] = _content(name, environ[name + SUFFIX])
            del environ[name + SUFFIX]
    mistakes.raise_together()


def _named(environ: MutableMapping[str, str]) -> Iterator[str]:
    """Yield the secret variables whose files are named."""
    if not any(name.endswith(SUFFIX) for name in environ):
        return
    from django_runtimes.config.variables.table import VARIABLES

    yield from (each.name for each in VARIABLES if each.is_secret and environ.get(each.name + SUFFIX))


def _content(name: str, path: str) -> str:
    named = f"{name}{SUFFIX}={path!r}"
    remedy = f"mount a file that this user can read, or set {name} itself"
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"{named} cannot be read ({reason}); {remedy}") from None
    if len(content) > _MAX_BYTES:
        raise ConfigurationError(f"{named} has more than {_MAX_BYTES} bytes; store only the secret in it")
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        # The decoder's own error would hold the content.
        raise ConfigurationError(f"{named} is not a text in UTF-8; store the secret as a text")
    if not text:
        raise ConfigurationError(f"{named} is empty; write the secret into it, or unset {name}{SUFFIX}")
    return text
