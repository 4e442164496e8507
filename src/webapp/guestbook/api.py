"""The guestbook's JSON API, for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.paginator import EmptyPage, Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Count, Max, Q
from django.forms import Form
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from webapp.guestbook.entries import KeyReusedError, create_entry, is_idempotency_key
from webapp.guestbook.forms import EntryForm, PageForm
from webapp.guestbook.models import Entry
from webapp.guestbook.post_limit import limit_posts

_PAGE_SIZE_DEFAULT = 10
_EXPORTED_AT_ONCE = 50

FieldErrors = Mapping[str, Sequence[str]]


# The view needs no CSRF protection, since the API reads no cookie that another site could make a browser send.
@csrf_exempt
@limit_posts
def entries(request: HttpRequest) -> JsonResponse:
    """List entries, newest first (GET), or add one entry for each Idempotency-Key (POST)."""
    if request.method == "POST":
        return _add_entry(request)
    if request.method in ("GET", "HEAD"):
        return _list_entries(request)
    return _method_not_allowed(request, "GET, HEAD, POST")


@csrf_exempt
def entry(request: HttpRequest, entry_id: int) -> JsonResponse:
    """Return one entry; 404 if it does not exist or is hidden."""
    if request.method not in ("GET", "HEAD"):
        return _method_not_allowed(request, "GET, HEAD")
    found = Entry.objects.visible().filter(pk=entry_id).first()
    if found is None:
        return _error(404, "not_found", f"There is no entry {entry_id}.")
    return JsonResponse(_as_json(found))


@csrf_exempt
def export(request: HttpRequest) -> JsonResponse | StreamingHttpResponse:
    """Stream all entries, oldest first, as one JSON object per line."""
    if request.method not in ("GET", "HEAD"):
        return _method_not_allowed(request, "GET, HEAD")
    return StreamingHttpResponse(_exported_lines(), content_type="application/x-ndjson")


# Django refuses async views under ATOMIC_REQUESTS unless they opt out.
@csrf_exempt
@transaction.non_atomic_requests
async def statistics(request: HttpRequest) -> JsonResponse:
    """Return the number of entries in total and since midnight UTC, and the time of the newest."""
    if request.method not in ("GET", "HEAD"):
        return _method_not_allowed(request, "GET, HEAD")
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    counted = await Entry.objects.visible().aaggregate(
        entries=Count("pk"),
        entries_today=Count("pk", filter=Q(created_at__gte=midnight)),
        newest_at=Max("created_at"),
    )
    return JsonResponse(counted)


@csrf_exempt
def not_found(request: HttpRequest) -> JsonResponse:
    """Return 404 as JSON for every other path below /api/, so that programs never get an HTML page."""
    return _error(404, "not_found", f"There is nothing at {request.path}.")


def _exported_lines() -> Iterator[str]:
    """Yield the lines of a few entries at a time; no cursor and no transaction stays open while the client reads."""
    newest = 0
    visible = Entry.objects.visible().order_by("pk")
    while exported := list(visible.filter(pk__gt=newest)[:_EXPORTED_AT_ONCE]):
        yield "".join(f"{json.dumps(_as_json(each), cls=DjangoJSONEncoder)}\n" for each in exported)
        if len(exported) < _EXPORTED_AT_ONCE:
            return
        newest = exported[-1].pk


def _list_entries(request: HttpRequest) -> JsonResponse:
    form = PageForm(request.GET)
    if not form.is_valid():
        return _error(400, "invalid", "The query is not valid; see fields.", _field_errors(form))
    paginator = Paginator(Entry.objects.visible(), form.cleaned_data["page_size"] or _PAGE_SIZE_DEFAULT)
    try:
        page = paginator.page(form.cleaned_data["page"] or 1)
    except EmptyPage:
        return _error(404, "not_found", f"That page is past the last one, which is {paginator.num_pages}.")
    return JsonResponse(
        {
            "entries": [_as_json(each) for each in page],
            "page": page.number,
            "page_size": paginator.per_page,
            "pages": paginator.num_pages,
            "total": paginator.count,
        }
    )


def _add_entry(request: HttpRequest) -> JsonResponse:
    if request.content_type != "application/json":
        return _error(415, "unsupported_media_type", "The Content-Type must be application/json.")
    key = request.headers.get("Idempotency-Key")
    if key is not None and not is_idempotency_key(key):
        return _error(400, "invalid", "An Idempotency-Key must have 1 to 255 printable ASCII characters.")
    try:
        body = json.loads(request.body)
    except RequestDataTooBig:
        return _error(413, "too_large", "The body is too large for this server.")
    # Python's parser raises RecursionError for a deeply nested body.
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return _error(400, "invalid", "The body must be a JSON object.")
    form = EntryForm(body)
    if errors := _shape_errors(body, form) or _field_errors(form):
        return _error(400, "invalid", "The entry is not valid; see fields.", errors)
    return _write_entry(form, key)


def _write_entry(form: EntryForm, key: str | None) -> JsonResponse:
    try:
        written = create_entry(**form.cleaned_data, idempotency_key=key)
    except KeyReusedError:
        message = "This Idempotency-Key was used with another body; send a new key with a new entry."
        return _error(422, "idempotency_key_reused", message)
    location = reverse("guestbook:api_entry", args=[written.pk])
    return JsonResponse(_as_json(written), status=201, headers={"Location": location})


def _shape_errors(body: dict[str, Any], form: Form) -> FieldErrors:
    # A form converts every value to text and ignores unknown fields.
    errors = {}
    for name, value in body.items():
        if name not in form.fields:
            errors[name] = [f"There is no such field; send {', '.join(form.fields)}."]
        elif not isinstance(value, str):
            errors[name] = ["Send a string."]
    return errors


def _field_errors(form: Form) -> FieldErrors:
    return {name: [str(error) for error in errors] for name, errors in form.errors.items()}


def _as_json(shown: Entry) -> dict[str, Any]:
    return {
        "id": shown.pk,
        "author": shown.author,
        "message": shown.message,
        "created_at": shown.created_at,
        "picture": shown.picture.url if shown.picture else None,
    }


def _error(status: int, code: str, message: str, fields: FieldErrors | None = None) -> JsonResponse:
    error: dict[str, Any] = {"code": code, "message": message}
    if fields is not None:
        error["fields"] = fields
    return JsonResponse({"error": error}, status=status)


def _method_not_allowed(request: HttpRequest, allowed: str) -> JsonResponse:
    response = _error(405, "method_not_allowed", f"{request.method} is not allowed here; use one of: {allowed}.")
    response["Allow"] = allowed
    return response
