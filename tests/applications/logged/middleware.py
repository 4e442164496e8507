"""A middleware that sends every request through Django's native path."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction


class BothModes:
    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request):
        return self.get_response(request)
