"""A page and an export of a few megabytes, which every database can answer without migrations."""

from collections.abc import AsyncIterator

from django.db import models
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

ROWS = 2_000
ROW_BYTES = 1_000


class Column(models.Model):
    """One of PostgreSQL's own columns."""

    attname = models.CharField(primary_key=True)

    class Meta:
        """The table is PostgreSQL's."""

        app_label = "exporting"
        db_table = "pg_attribute"
        managed = False


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Column.objects.count()))


async def export(request: HttpRequest) -> StreamingHttpResponse:
    async def rows() -> AsyncIterator[str]:
        async for row in Column.objects.all()[:ROWS].aiterator(chunk_size=100):
            yield row.attname.ljust(ROW_BYTES)

    return StreamingHttpResponse(rows())


urlpatterns = [path("page", page), path("export", export)]
