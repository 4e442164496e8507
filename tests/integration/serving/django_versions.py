"""Differences among the Django releases that this project supports, one name for each."""

import django

# Since 6.1 the ASGI handler runs the view in its own task, so that context variables outlive the request.
KEEPS_CONTEXT = django.VERSION >= (6, 1)
# Since 6.1 the header of a RemoteUserMiddleware subclass is a key of request.META.
REMOTE_USER_PREFIX = "HTTP_" if django.VERSION >= (6, 1) else ""
# Since 5.2.13 a header with an underscore in its name is dropped.
DROPS_UNDERSCORE_HEADERS = django.VERSION >= (5, 2, 13)
# Since 6.0 request.auser() reflects a login or a logout in the same request.
AUSER_IS_CURRENT = django.VERSION >= (6, 0)
# Since 6.1 a Content-Type above 10,000 characters is an error.
REFUSES_LONG_CONTENT_TYPES = django.VERSION >= (6, 1)
DEBUG_PAGE_TYPE = "text/html" if django.VERSION >= (6, 0) else "text/html; charset=utf-8"
