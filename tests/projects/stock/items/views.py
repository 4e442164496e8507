import json
import logging

from django.db import connection, transaction
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from items.models import Item

logger = logging.getLogger(__name__)


def _described(item):
    return {"id": item.pk, "name": item.name, "count": item.count, "added_at": timezone.localtime(item.added_at)}


def index(request):
    in_transaction = connection.in_atomic_block and not transaction.get_autocommit()
    return JsonResponse({"time_zone": timezone.get_current_timezone_name(), "atomic": in_transaction})


def items(request):
    if request.method != "POST":
        return JsonResponse({"items": [_described(item) for item in Item.objects.all()[:20]]})
    if not request.user.is_authenticated:
        return JsonResponse({"error": "log in first"}, status=403)
    given = json.loads(request.body)
    item = Item.objects.create(name=given["name"], count=given.get("count", 0), added_by=request.user)
    logger.info("item %s was added", item.pk)
    if item.count > 1000:
        # ATOMIC_REQUESTS rolls the row back.
        raise ValueError("no shelf holds as many")
    return JsonResponse(_described(item), status=201)


def item(request, pk):
    return JsonResponse(_described(get_object_or_404(Item, pk=pk)))


def server_error(request):
    return JsonResponse({"error": "stock's own page for errors"}, status=500)
