"""Reads a deployed target's name and URL from the command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from django_runtimes.cli.tool_error import UsageError
from django_runtimes.compare.deployed.aws_resource import WatchedResource
from django_runtimes.compare.deployed.deployed_name import DeployedName
from django_runtimes.compare.deployed.this_machine import is_this_machine


@dataclass(frozen=True)
class DeployedService:
    """A deployed target: its URL without a trailing slash, and the headers that its requests need.

    `is_here` is whether the URL's host is this machine. The representation leaves out the headers' values.
    """

    name: DeployedName
    url: str
    is_here: bool
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    watched: tuple[WatchedResource, ...] = ()

    @property
    def host(self) -> str:
        """The host with its port, as in the Host header."""
        return urlsplit(self.url).netloc


def is_deployed(text: str) -> bool:
    """Return whether the value of --target is NAME=URL."""
    return "=" in text


def read_services(texts: Sequence[str]) -> tuple[DeployedService, ...]:
    """Return the services of values NAME=URL; raise UsageError for an unusable URL or a name that occurs twice."""
    services: dict[str, DeployedService] = {}
    for text in texts:
        name, _, url = text.partition("=")
        if name in services:
            raise UsageError(f"--target names {name!r} twice; tell the targets apart by an option, as in {name}+b=…")
        services[name] = _read_service(DeployedName.parse(name), url)
    return tuple(services.values())


def _read_service(name: DeployedName, url: str) -> DeployedService:
    parts = _split(name, url)
    host = parts.hostname or ""
    is_here = is_this_machine(host)
    if parts.scheme == "http" and not is_here:
        raise UsageError(
            f"--target {name}={url!r} would send everything in plain text to another machine; use https://{parts.netloc}"
        )
    return DeployedService(name, f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", is_here)


def _split(name: DeployedName, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Reading the port checks it.
        is_complete = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        is_complete = False
    if not is_complete or parts.scheme not in {"http", "https"} or not url.isprintable() or " " in url:
        raise UsageError(
            f"--target {name}={url!r} is not the URL of a service; use the form https://host[:port][/path]"
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"--target {name}=… has a login in its URL, which reports would show; pass it as --header 'Authorization: "
            "Basic $LOGIN'"
        )
    if parts.query or parts.fragment:
        raise UsageError(
            f"--target {name}={url!r} has a query or a fragment; leave it out, and write queries into the workload"
        )
    return parts
