"""Variables of the headers that limit what a page may load and do."""

from django_runtimes.config.values.choices import PolicyMode
from django_runtimes.config.variables.kinds import Choice, Flag

SECURITY_HEADERS = Flag(
    "WEBAPP_SECURITY_HEADERS",
    "Whether responses have Content-Security-Policy (templates get its nonce as csp_nonce), Permissions-Policy "
    "and the headers of Django's SecurityMiddleware. Policies of the settings override the default ones "
    "(`webapp docs security`).",
    default=False,
)
CSP = Choice(
    "WEBAPP_CSP",
    "How browsers treat what the default Content-Security-Policy forbids: enforce blocks it, report-only lets it pass "
    "and reports it in the console, and none sends no policy. Needs WEBAPP_SECURITY_HEADERS.",
    PolicyMode,
    noun="mode of the policy",
    default=PolicyMode.ENFORCE,
)
