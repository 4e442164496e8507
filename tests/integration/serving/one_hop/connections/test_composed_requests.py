"""Each request to an application around Django's handler has its own thread-sensitive calls."""

import asyncio
import threading

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path

from django_runtimes.serving.composed_requests import ComposedRequests
from tests.integration.serving.one_hop.exchange import Exchange, eventually, exchange

barrier = None


def plain(request):
    return HttpResponse(str(Group.objects.count()))


async def aplain(request):
    return HttpResponse(str(await Group.objects.acount()))


urlpatterns = [path("django/plain", plain), path("django/aplain", aplain)]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("direct")]
STRATEGIES = pytest.mark.parametrize("strategy", ["pooled", "per_request", "persistent"], indirect=True)


@pytest.fixture
def strategy(request):
    request.getfixturevalue(request.param)


@pytest.fixture
def compose(one_hop):
    """Return a function that makes an application with the given routes, and with Django under /django."""

    def make(routes=None, **limits):
        django = one_hop(**limits)

        async def application(scope, receive, send):
            if scope["path"].startswith("/django"):
                await django(scope, receive, send)
            else:
                answer = await (routes or ROUTES)[scope["path"]]()
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": str(answer).encode()})

        composed = ComposedRequests(application, django)
        composed.leases = django.leases
        return composed

    return make


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def enter_atomic():
    atomic = transaction.atomic()
    atomic.__enter__()
    Group.objects.create(name="alice")
    return atomic


def roll_back(atomic):
    transaction.set_rollback(True)
    atomic.__exit__(None, None, None)


async def rolls_back():
    atomic = await sync_to_async(enter_atomic)()
    await barrier.astop()
    await sync_to_async(roll_back)(atomic)


async def writes():
    await Group.objects.acreate(name="bob")
    return await Group.objects.acount()


async def counts():
    return await Group.objects.acount()


async def sets_tenant():
    await sync_to_async(execute)("SET app.tenant = 'a'")
    await barrier.astop()
    return await sync_to_async(execute)("SELECT current_setting('app.tenant', true)")


async def reads_in_two_calls():
    groups = Group.objects.order_by("name").aiterator(chunk_size=1)
    names = [(await anext(groups)).name]
    await sync_to_async(execute)("SET app.tenant = 'a'")
    await barrier.astop()
    return names + [group.name async for group in groups]


async def reads_tenant():
    return await sync_to_async(execute)("SELECT current_setting('app.tenant', true)") or "none"


async def blocks():
    await sync_to_async(barrier.stop)()
    return "ended"


async def leaves_atomic():
    await sync_to_async(enter_atomic)()
    return "left"


async def nothing_synchronous():
    return sum(thread.name.startswith("django-async") for thread in threading.enumerate())


ROUTES = {
    "/rolls_back": rolls_back,
    "/writes": writes,
    "/counts": counts,
    "/sets_tenant": sets_tenant,
    "/reads_tenant": reads_tenant,
    "/blocks": blocks,
    "/leaves_atomic": leaves_atomic,
    "/nothing": nothing_synchronous,
}


def all_are_idle(leases):
    return len(leases._idle) == len(leases._all)


@STRATEGIES
async def test_no_request_writes_in_another_requests_transaction(strategy, compose, barrier):
    composed = compose()
    alice = Exchange(composed, "GET", "/rolls_back").start()
    await barrier.reached()

    assert (await exchange(composed, "GET", "/writes")).body == b"1"
    barrier.open()
    await alice.finish()
    assert [group.name async for group in Group.objects.all()] == ["bob"]


@STRATEGIES
async def test_no_request_sees_another_requests_session_state(strategy, compose, barrier):
    composed = compose()
    first = Exchange(composed, "GET", "/sets_tenant").start()
    await barrier.reached()

    assert (await exchange(composed, "GET", "/reads_tenant")).body == b"none"
    barrier.open()
    assert (await first.reply()).body == b"a"
    assert (await exchange(composed, "GET", "/reads_tenant")).body == b"none"


@STRATEGIES
async def test_no_websocket_sees_another_websockets_session_state(strategy, compose, barrier):
    composed = compose()
    first = Exchange(composed, "GET", "/sets_tenant", type="websocket").start()
    await barrier.reached()

    second = Exchange(composed, "GET", "/reads_tenant", type="websocket").start()
    await second.finish()
    barrier.open()
    await first.finish()
    assert (first.body, second.body) == (b"a", b"none")
    await eventually(lambda: all_are_idle(composed.leases))


async def test_a_slow_call_delays_no_other_request(compose, barrier):
    composed = compose()
    slow = Exchange(composed, "GET", "/blocks").start()
    await barrier.reached()

    assert (await exchange(composed, "GET", "/counts")).body == b"0"
    assert not slow.task.done()
    barrier.open()
    assert (await slow.reply()).body == b"ended"


@STRATEGIES
async def test_a_transaction_that_a_request_leaves_open_is_rolled_back(strategy, compose):
    composed = compose(max_native=1)

    for _ in range(3):
        assert (await exchange(composed, "GET", "/leaves_atomic")).body == b"left"
        assert (await exchange(composed, "GET", "/counts")).body == b"0"
    await eventually(lambda: all_are_idle(composed.leases))


async def test_a_cancelled_request_keeps_no_thread(compose, barrier):
    composed = compose(max_native=1)
    cut = Exchange(composed, "GET", "/rolls_back").start()
    await barrier.reached()
    cut.task.cancel()
    await asyncio.wait([cut.task])

    assert (await exchange(composed, "GET", "/counts")).body == b"0"
    await eventually(lambda: all_are_idle(composed.leases))


async def test_a_request_without_calls_takes_no_thread(compose):
    assert (await exchange(compose(), "GET", "/nothing")).body == b"0"


@pytest.mark.parametrize(("page", "leased"), [("plain", 0), ("aplain", 1)])
async def test_a_page_of_django_takes_no_additional_thread(compose, page, leased):
    composed = compose()

    assert (await exchange(composed, "GET", f"/django/{page}")).body == b"0"
    assert len(composed.leases._all) == leased


async def test_a_task_that_outlives_its_request_has_its_own_calls(compose, barrier):
    tasks = []

    async def starts_task():
        await counts()
        tasks.append(asyncio.create_task(rolls_back_later()))

    async def rolls_back_later():
        await late.wait()
        await rolls_back()

    late = asyncio.Event()
    composed = compose(ROUTES | {"/starts_task": starts_task})
    await exchange(composed, "GET", "/starts_task")
    late.set()
    await barrier.reached()

    assert (await exchange(composed, "GET", "/writes")).body == b"1"
    barrier.open()
    await tasks[0]
    assert [group.name async for group in Group.objects.all()] == ["bob"]
    await eventually(lambda: all_are_idle(composed.leases))


@STRATEGIES
@pytest.mark.parametrize(("work", "answer"), [(sets_tenant, "a"), (reads_in_two_calls, ["alice", "bob"])])
async def test_a_task_that_outlives_its_request_keeps_its_session(strategy, compose, barrier, work, answer):
    await Group.objects.abulk_create([Group(name="alice"), Group(name="bob")])
    tasks = []

    async def starts_task():
        tasks.append(asyncio.create_task(works_later()))

    async def works_later():
        await late.wait()
        return await work()

    late = asyncio.Event()
    composed = compose(ROUTES | {"/starts_task": starts_task})
    await exchange(composed, "GET", "/starts_task")
    late.set()
    await barrier.reached()

    assert (await exchange(composed, "GET", "/reads_tenant")).body == b"none"
    barrier.open()
    assert await tasks[0] == answer
    await eventually(lambda: all_are_idle(composed.leases))
    assert (await exchange(composed, "GET", "/reads_tenant")).body == b"none"


async def test_a_call_that_outlives_its_request_leaves_nothing_open(compose, barrier):
    tasks = []

    async def starts_call():
        tasks.append(asyncio.create_task(leaves_atomic()))
        await asyncio.sleep(0)

    composed = compose(ROUTES | {"/starts_call": starts_call}, max_native=1)
    slow = Exchange(composed, "GET", "/blocks").start()
    await barrier.reached()
    await exchange(composed, "GET", "/starts_call")
    barrier.open()
    await slow.finish()
    await tasks[0]

    assert (await exchange(composed, "GET", "/counts")).body == b"0"
    await eventually(lambda: all_are_idle(composed.leases))
