"""Views that cause database errors in each place where one may occur."""

import time
from contextlib import suppress

from django.db import OperationalError, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.template import Context, Template
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from django_runtimes import throttle
from webapp.guestbook.models import Entry


def execute(statement, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def query(request):
    execute("SELECT 1")
    return HttpResponse("queried")


@throttle("1/31d", name="outages")
def throttled(request):
    execute("SELECT 1")
    return HttpResponse("queried")


async def aquery(request):
    await Entry.objects.acount()
    return HttpResponse("queried")


def raised(request, sqlstate):
    execute(f"DO $$ BEGIN RAISE EXCEPTION 'a secret row' USING ERRCODE = '{sqlstate}'; END $$")


def slow(request):
    execute("SELECT pg_sleep(20)")


def slow_in_transaction(request):
    with transaction.atomic():
        Entry.objects.create(author="Ada", message="rolled back")
        # A timeout of the role would also end the session's next statements on a busy machine.
        execute("SET LOCAL statement_timeout = '100ms'")
        execute("SELECT pg_sleep(20)")


def idle_in_transaction(request):
    with transaction.atomic():
        execute("SELECT 1")
        time.sleep(0.5)
        execute("SELECT 1")


def terminated(request):
    execute("SELECT pg_terminate_backend(pg_backend_pid())")


def cancelled(request):
    execute("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(20)")


def faulty(request):
    execute("SELECT no_such_column")


def waits_for_lock(request):
    with transaction.atomic():
        execute("SET LOCAL lock_timeout = '50ms'")
        execute("LOCK TABLE guestbook_entry")


def continues_in_broken_transaction(request):
    with transaction.atomic():
        with suppress(OperationalError), transaction.mark_for_rollback_on_error():
            execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
        Entry.objects.count()


@csrf_exempt
def write(request):
    with transaction.atomic():
        Entry.objects.create(author="Ada", message=request.path)
    return HttpResponse("written", status=201)


def user(request):
    return HttpResponse(str(request.user))


def template(request):
    page = Template("{% for entry in entries %}{{ entry.author }}{% endfor %}")
    return HttpResponse(page.render(Context({"entries": Entry.objects.all()})))


def session(request):
    # SessionMiddleware saves the session after the view returns.
    request.session["author"] = "Ada"
    return HttpResponse("saved later")


def stream(request):
    def chunks():
        yield b"first"
        execute("SELECT pg_terminate_backend(pg_backend_pid())")
        yield b"second"

    return StreamingHttpResponse(chunks())


urlpatterns = [
    path("raised/<sqlstate>", raised),
    *(
        path(view.__name__, view)
        for view in (
            query,
            throttled,
            aquery,
            slow,
            slow_in_transaction,
            idle_in_transaction,
            terminated,
            cancelled,
            faulty,
            waits_for_lock,
            continues_in_broken_transaction,
            write,
            user,
            template,
            session,
            stream,
        )
    ),
    # Error pages link to the guestbook.
    path("", include("webapp.urls")),
]
