"""What middleware imports to read a request."""


def synchronous_tenant(request):
    """The server's."""
    return request.META.get("TENANT")


def asynchronous_tenant(request):
    """The client's."""
    return request.META.get("HTTP_TENANT")
