"""What Django itself does differently in the releases that this project supports; one name for each difference."""

import django

# Since 6.1 the ASGI handler runs the view in its own task, so that context variables outlive the request.
KEEPS_CONTEXT = django.VERSION >= (6, 1)
# Since 6.1 a subclass of RemoteUserMiddleware names its header as request.META has it.
REMOTE_USER_PREFIX = "HTTP_" if django.VERSION >= (6, 1) else ""
# Since 5.2.13 a header's name with an underscore is no other header's.
LEAVES_OUT_UNDERSCORES = django.VERSION >= (5, 2, 13)
# Since 6.0 a login and a logout change what request.auser() answers.
AUSER_IS_CURRENT = django.VERSION >= (6, 0)
# Since 6.1 a Content-Type above 10,000 characters is an error.
REFUSES_LONG_CONTENT_TYPES = django.VERSION >= (6, 1)
DEBUG_PAGE_TYPE = "text/html" if django.VERSION >= (6, 0) else "text/html; charset=utf-8"
