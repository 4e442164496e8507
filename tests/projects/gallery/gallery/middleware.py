from asgiref.sync import iscoroutinefunction
from django.utils.decorators import sync_and_async_middleware
from django.utils.deprecation import MiddlewareMixin


class VisitMiddleware(MiddlewareMixin):
    """Counts the visits of a session."""

    def process_request(self, request):
        request.visit = request.session.get("visit", 0) + 1
        request.session["visit"] = request.visit

    def process_response(self, request, response):
        response["X-Visit"] = str(getattr(request, "visit", 0))
        return response


@sync_and_async_middleware
def signed(get_response):
    """Add the gallery's header to every response."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            response = await get_response(request)
            response["X-Gallery"] = "yes"
            return response

    else:

        def middleware(request):
            response = get_response(request)
            response["X-Gallery"] = "yes"
            return response

    return middleware
