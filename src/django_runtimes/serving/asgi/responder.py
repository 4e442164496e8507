"""Serves a synchronous request on its thread, from the middleware chain to the response or its stream."""

from functools import cached_property
from typing import Any, BinaryIO

from django.http import StreamingHttpResponse

from django_runtimes.serving.asgi.answer import Answer
from django_runtimes.serving.asgi.chains.sync_chain import SyncChain, encoded_headers
from django_runtimes.serving.asgi.hint import Hint
from django_runtimes.serving.asgi.streams.async_stream import AsyncStream
from django_runtimes.serving.asgi.streams.small_file import is_small_file
from django_runtimes.serving.asgi.streams.sync_stream import StreamChannel
from django_runtimes.serving.asgi.threads.abandoned import close_leftovers
from django_runtimes.serving.asgi.threads.request_wrappers import wrappers_of_request
from django_runtimes.serving.asgi.threads.thread_needs import can_share_threads
from django_runtimes.serving.asgi.threads.threads import LongLivedThreads
from django_runtimes.serving.framing import has_content


class Responder:
    """Runs the middleware chain on one of `threads`.

    It adds each view that has streamed to one of two sets, so that the view's next requests wait in the right queue
    before the chain runs. With `may_share`, asynchronous streams share threads if all database engines allow it.
    """

    def __init__(self, threads: LongLivedThreads, *, may_share: bool) -> None:
        self._threads = threads
        self._may_share = may_share
        self.streaming_views: set[int | None] = set()
        self.async_streaming_views: set[int | None] = set()

    @cached_property
    def streams_share(self) -> bool:
        """Whether asynchronous streams share threads."""
        return self._may_share and can_share_threads()

    def respond(
        self, chain: SyncChain, scope: dict[str, Any], body: BinaryIO, channel: StreamChannel, hint: Hint
    ) -> Answer | AsyncStream | None:
        """Serve the request in one hop; return an answer or asynchronous stream, or None if the response is sent."""
        answer = None
        try:
            answer = self._answer(chain, scope, body, channel, hint)
            close_leftovers()
            if isinstance(answer, StreamingHttpResponse):
                # The stream's chunks need no thread, so this thread serves other requests.
                return AsyncStream(answer, wrappers_of_request(self._threads))
        except BaseException:
            if isinstance(answer, StreamingHttpResponse):
                answer.close()
            else:
                close_leftovers()
            raise
        return answer

    def _answer(
        self, chain: SyncChain, scope: dict[str, Any], body: BinaryIO, channel: StreamChannel, hint: Hint
    ) -> Answer | StreamingHttpResponse | None:
        response = chain.respond(scope, body)
        is_left = False
        try:
            if not isinstance(response, StreamingHttpResponse) or is_small_file(response):
                content = response.getvalue() if response.streaming else response.content  # type: ignore[attr-defined]
                return Answer(response.status_code, encoded_headers(response), content)
            if not has_content(scope["method"], response.status_code):
                return Answer(response.status_code, encoded_headers(response), b"")
            if not response.is_async:
                if hint.view is not None:
                    # Adding None would make every path without a hinted view wait among the streams.
                    self.streaming_views.add(hint.view)
                channel.stream(response)
                return None
            if not self.streams_share and hint.view is not None:
                self.async_streaming_views.add(hint.view)
            # If the client has disconnected, no code would close the returned response.
            is_left = not channel.has_left
            return response if is_left else None
        finally:
            if not is_left:
                response.close()
