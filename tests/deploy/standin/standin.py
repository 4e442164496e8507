"""The tests' interface to the stand-in: starts and controls it, and gives its address."""

import contextlib
import json
import sqlite3
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from django_runtimes.cli import ports, processes
from tests.deploy.standin.forked import ForkedStandIn
from tests.deploy.standin.state import LOCK_TIMEOUT_S

_CHECKOUT = Path(__file__).parents[3]
# A restart first waits until the containers of services are healthy.
_START_TIMEOUT_S = 240.0
_ATTEMPTS = 3
# The first request starts moto, which may take a minute beside other work. After a timeout the client would send the
# request again.
_ANSWER_TIMEOUT_S = 180.0
_REQUEST_TIMEOUT_S = 60
REGION = "us-east-1"
_KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}


class StandIn:
    """A running stand-in whose state is in `directory`."""

    def __init__(
        self, directory: Path, *, overlay: Mapping[str, str | None], registry: bool, moto: str | None = None
    ) -> None:
        self._directory = directory
        self._overlay = dict(overlay)
        self._with_registry = registry
        self._moto = moto
        self._log = directory / "standin.log"
        self._ports: dict[str, int] = {}
        self._process: ForkedStandIn | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports['endpoint']}"

    @property
    def overlay(self) -> Mapping[str, str | None]:
        """The variables that replace the stacks' own in every process."""
        return self._overlay

    @property
    def registry(self) -> str | None:
        """The host:port of the image registry, if it has one."""
        return f"127.0.0.1:{self._ports['registry']}" if self._with_registry else None

    @property
    def environ(self) -> dict[str, str]:
        """The variables that point a process at this AWS and at the addresses of its stacks."""
        proxy = f"http://127.0.0.1:{self._ports['proxy']}"
        return {
            **_KEYS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self._directory / "authority.pem"),
        }

    def client(self, service: str, *, region: str = REGION) -> Any:
        """Return a boto3 client of the stand-in for a service."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=_KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"],
            config=Config(read_timeout=_ANSWER_TIMEOUT_S),
        )

    def get(self, url: str) -> tuple[int, bytes]:
        """Return the status and body at an address of the stacks, as a process with `environ` would get them."""
        try:
            with self._opener().open(url, timeout=_REQUEST_TIMEOUT_S) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def headers(self, url: str, sent: Mapping[str, str]) -> Message:
        """Return the headers of the response to a request with the headers in `sent`."""
        request = urllib.request.Request(url, headers=dict(sent))
        with self._opener().open(request, timeout=_REQUEST_TIMEOUT_S) as response:
            headers: Message = response.headers
            return headers

    def _opener(self) -> urllib.request.OpenerDirector:
        trust = ssl.create_default_context(cafile=self.environ["SSL_CERT_FILE"])
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({"https": self.environ["HTTPS_PROXY"]}),
            urllib.request.HTTPSHandler(context=trust),
        )

    def start_anywhere(self) -> None:
        """Start the stand-in on free ports, which a restart keeps, since the verbs have them in `environ`."""
        for attempt in range(1, _ATTEMPTS + 1):
            self._ports = {name: ports.free_port() for name in ("endpoint", "proxy", "registry")}
            try:
                self.start()
            except RuntimeError:
                # Another process may have taken a port before the stand-in listened on it.
                if attempt == _ATTEMPTS or "in use" not in self._log.read_text():
                    raise
            else:
                return

    def start(self) -> None:
        """Start the stand-in from the state on disk, and wait until it answers."""
        configuration = {
            "ports": self._ports,
            "overlay": self._overlay,
            "registry": self._with_registry,
            "moto": self._moto,
        }
        (self._directory / "configuration.json").write_text(json.dumps(configuration))
        self._process = process = ForkedStandIn(
            self._directory,
            environ={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "PYTHONPATH": f"{_CHECKOUT}:{_CHECKOUT / 'src'}",
                "HOME": str(self._directory),
            },
            log=self._log,
        )
        if not ports.wait_until_listening(process, self._ports["endpoint"], timeout_s=_START_TIMEOUT_S):
            raise RuntimeError(f"the stand-in did not start: {processes.cause(self._log)}")

    def kill(self) -> None:
        """Kill the stand-in with SIGKILL, as abruptly as a power cut."""
        assert self._process is not None
        # A moto that the stand-in did not start may still work on its last request, and would mix it with a replay.
        self._moto = None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """Stop the stand-in and all the processes that it started; RuntimeError if it has ended by itself."""
        if self._process is None:
            return
        status = self._process.poll()
        processes.stop(self._process, grace_s=60.0)
        if status is not None:
            raise RuntimeError(f"the stand-in ended by itself with status {status}: {processes.cause(self._log)}")

    def push(
        self,
        repository: str,
        tag: str,
        *,
        variables: Mapping[str, str] | None = None,
        python_path: Path | None = None,
        size_bytes: int = 200_000_000,
        media_type: str = "application/vnd.docker.distribution.manifest.v2+json",
    ) -> str:
        """Add an image to an existing repository, without a registry, and return its digest, sha256:…"""
        image = {
            "repository": repository,
            "tag": tag,
            "variables": dict(variables or {}),
            "python_path": None if python_path is None else str(python_path),
            "size_bytes": size_bytes,
            "media_type": media_type,
        }
        digest: str = self._control("image", image)["digest"]
        return digest

    def describe_image(
        self, digest: str, *, variables: Mapping[str, str] | None = None, python_path: Path | None = None
    ) -> None:
        """Set the contents of an image from the registry; by default the image contains only this checkout."""
        self._control(
            "contents",
            {
                "digest": digest,
                "variables": dict(variables or {}),
                "python_path": None if python_path is None else str(python_path),
            },
        )

    def fail(
        self, logical_id: str, reason: str, *, stack: str | None = None, on: str = "create", times: int | None = None
    ) -> None:
        """Make a stack's resource fail with this reason."""
        fault = {"logical_id": logical_id, "reason": reason, "stack": stack, "on": on, "times": times}
        self._control("failure", fault)

    def slow(self, seconds: float, *, shift_seconds: float | None = None) -> None:
        """Make each resource of a stack take this long, and each step of a traffic shift as long or `shift_seconds`.

        This also holds for resources and steps in progress, so a test ends a long wait with `slow(0)`.
        """
        self._control(
            "pace", {"seconds": seconds, "shift_seconds": seconds if shift_seconds is None else shift_seconds}
        )

    def deny(self, action: str) -> None:
        """Answer an action such as cloudformation:CreateChangeSet with AccessDenied."""
        self._control("denial", {"action": action})

    def refuse(self, action: str, code: str, message: str, *, status: int = 400, times: int | None = None) -> None:
        """Answer an action, or with "*" every action, with this error."""
        refusal = {"action": action, "code": code, "message": message, "status": status, "times": times}
        self._control("refusal", refusal)

    def expire_token(self) -> None:
        """Answer every call as AWS does when the session token has expired."""
        self.refuse("*", "ExpiredToken", "The security token included in the request is expired", status=403)

    def clear(self) -> None:
        """Remove all faults."""
        self._control("clear", {})

    def hold(self, action: str, about: str, *, done: bool) -> None:
        """Block the next call of an action that contains these words, before or after it takes effect."""
        self._control("hold", {"action": action, "about": about, "done": done})

    def is_held(self) -> bool:
        """Return whether that call is blocked now."""
        reached: bool = self._control("held", {})["is_reached"]
        return reached

    def release(self) -> None:
        """Answer the blocked call with an error; a call blocked before it took effect never takes effect."""
        self._control("release", {})

    def resume(self) -> None:
        """Let the blocked call continue normally; calls that are to be blocked later still are."""
        self._control("resume", {})

    def limit_executions(self, executions: int) -> None:
        """Set the account's limit of concurrent Lambda executions; the default is 1,000."""
        self._control("concurrency", {"executions": executions})

    def put_existing(self, kind: str, name: str, document: Mapping[str, Any]) -> None:
        """Add a resource that no stack owns, as services/existing_resources.py describes it."""
        self._control("put-existing", {"region": REGION, "kind": kind, "name": name, "document": dict(document)})

    def delete_existing(self, kind: str, name: str) -> None:
        """Delete such a resource."""
        self._control("delete-existing", {"region": REGION, "kind": kind, "name": name})

    def existing(self) -> dict[str, list[dict[str, Any]]]:
        """Return the resources that no stack owns, with all databases and snapshots, by kind."""
        resources: dict[str, list[dict[str, Any]]] = self._control("existing", {})["resources"]
        return resources

    def account(self, **settings: Any) -> None:
        """Change what the account has: zones, vpcs, addresses, quotas, missing_types, resources, forbidden."""
        self._control("account", settings)

    def alarm(self, name: str, state: str) -> None:
        """Set an alarm to OK or ALARM."""
        self.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="set by the test")

    def calls(self) -> list[str]:
        """Return all requested actions in order, as service:Operation."""
        answer: list[str] = self._control("calls", {})["calls"]
        return answer

    def visible_records(self) -> str:
        """Return all that readers of this AWS can see: stacks, templates, change sets, functions, tasks and logs.

        Running containers' environments and moto's services, which keep the secrets themselves, are not among them.
        """
        path = self._directory / "state.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_S)) as database:
            rows = database.execute("SELECT body FROM documents WHERE kind <> 'running service'").fetchall()
        logs = [path for kind in ("functions", "containers") for path in (self._directory / kind).rglob("*.*")]
        return "".join([*(body for (body,) in rows), *(path.read_text(errors="replace") for path in logs)])

    def _control(self, verb: str, body: Mapping[str, Any]) -> Any:
        request = urllib.request.Request(f"{self.url}/_standin/{verb}", json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_REQUEST_TIMEOUT_S) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{verb} failed: {error.read().decode()}") from None


@contextmanager
def standin(
    directory: Path,
    *,
    overlay: Mapping[str, str | None] | None = None,
    registry: bool = False,
    moto: str | None = None,
) -> Iterator[StandIn]:
    """Run a separate stand-in, empty or with the state that `directory` already holds.

    `moto` is the URL of a moto server that no other stand-in uses; without one the stand-in starts its own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    aws = StandIn(directory, overlay=overlay or {}, registry=registry, moto=moto)
    with contextlib.ExitStack() as stack:
        stack.callback(aws.stop)
        aws.start_anywhere()
        yield aws
