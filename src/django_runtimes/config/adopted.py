"""Records the decisions of `configure()` for the rest of the library."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING, NamedTuple

from django_runtimes.config.configuration_error import ConfigurationError
from django_runtimes.config.databases.credentials import Login, StoredSecret
from django_runtimes.config.http.front import Front
from django_runtimes.config.runtimes.detection import Detection
from django_runtimes.config.secret import Secret
from django_runtimes.config.values.choices import MetricsFormat, Role, StreamFront, ThrottleOutage, TraceProtocol
from django_runtimes.config.values.profile import Profile
from django_runtimes.config.values.runtime import Runtime

if TYPE_CHECKING:
    from django_runtimes.config.values.request_rate import RequestRate

SETTING = "DJANGO_RUNTIMES"


class MediaQuestion:
    """Whether the settings have asked if uploads outlive the process, so that they turn uploads off if not."""

    is_asked = False


class Adopted(NamedTuple):
    """How the application runs here: the value of the setting DJANGO_RUNTIMES, which `configure()` returns.

    `is_media_on_disk` is a callable because it imports the storage of uploads, which may need the project's settings.
    """

    detection: Detection
    profile: Profile
    front: Front
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    max_wait_s: int
    max_body_bytes: int
    max_websocket_message_bytes: int
    warm_up: bool
    stream_front: StreamFront
    stream_max_s: int
    access_log: bool
    metrics: MetricsFormat
    traces: TraceProtocol
    stage: str | None
    throttle: "RequestRate | None"
    throttle_outage: ThrottleOutage
    throttle_timeout_ms: int
    has_store: bool
    measurement_key: Secret | None
    pool_empty_s: int
    role: Role
    web_role: str
    read_web_login: Callable[[], Login]
    administrator: StoredSecret | None
    proxy_host: str | None
    lock_timeout_s: int
    statement_timeout_s: int
    idle_in_transaction_timeout_s: int
    unknown_variables: tuple[tuple[str, str | None], ...]
    ignored_variables: tuple[tuple[str, str], ...]
    direct_uploads: bool
    is_media_on_disk: Callable[[], bool]
    media_question: MediaQuestion

    @property
    def runtime(self) -> Runtime:
        """The service that runs the process."""
        return self.detection.runtime

    @property
    def is_local(self) -> bool:
        """Whether the application runs on a developer's machine."""
        return self.runtime is Runtime.LOCAL

    @property
    def keeps_media(self) -> bool:
        """Whether uploaded files outlive this process; files on the disk do so only under `local`."""
        self.media_question.is_asked = True
        return self.is_local or not self.is_media_on_disk()

    @property
    def serves_media(self) -> bool:
        """Whether the application itself serves uploads, which it does only from the disk and under `local`."""
        return self.is_local and self.is_media_on_disk()


def adopted_by(settings: object) -> Adopted:
    """Return the record in Django's settings; raise ConfigurationError when `configure()` was not called."""
    adopted = getattr(settings, SETTING, None)
    if not isinstance(adopted, Adopted):
        raise ConfigurationError(not_called(getattr(settings, "SETTINGS_MODULE", None)))
    return adopted


def not_called(settings_module: str | None) -> str:
    """Return the error text for settings that do not call `configure()`."""
    return (
        f"{settings_module or 'the settings module'} does not call configure(), so the settings do not fit the "
        "runtime; add at its end: from django_runtimes import configure; configure(globals())"
    )
