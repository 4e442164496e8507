"""Middleware whose constructors query, run coroutines, wait or fail."""

import asyncio
import contextlib
import threading

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.models import Group
from django.db import connection, transaction

# One entry for each call of a constructor.
made: list[str] = []
is_waiting, may_go_on = threading.Event(), threading.Event()
failing: list[BaseException] = []


def reset():
    made.clear()
    failing.clear()
    is_waiting.clear()
    may_go_on.clear()


def _loop_runs():
    with contextlib.suppress(RuntimeError):
        return bool(asyncio.get_running_loop())
    return False


class _Synchronous:
    def __init__(self, get_response):
        made.append("on a loop" if _loop_runs() else "without a loop")
        self.get_response = get_response
        self.set_up()

    def __call__(self, request):
        return self.get_response(request)


class Queries(_Synchronous):
    def set_up(self):
        Group.objects.count()


class LeavesATransaction(_Synchronous):
    def set_up(self):
        transaction.atomic().__enter__()
        Group.objects.count()


class LeavesSessionState(_Synchronous):
    def set_up(self):
        with connection.cursor() as cursor:
            cursor.execute("SET application_name = 'left behind'")


class RunsACoroutine(_Synchronous):
    def set_up(self):
        async def count():
            return await Group.objects.acount()

        async_to_sync(count)()


class Waits(_Synchronous):
    def set_up(self):
        is_waiting.set()
        assert may_go_on.wait(60), "the event loop stands still"


class Fails(_Synchronous):
    def set_up(self):
        is_waiting.set()
        assert may_go_on.wait(60)
        if failing:
            raise failing[0]


class SaysItsMode:
    sync_capable = async_capable = True

    def __init__(self, get_response):
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)
        made.append("asynchronous" if iscoroutinefunction(get_response) else "synchronous")

    def __call__(self, request):
        return self.get_response(request)
