"""Functions, lookups and fields that contain an application's own SQL."""

import warnings

from django.db import models
from django.db.models import Func


class ChooseTenant(Func):
    function = "choose_tenant"


class OwnLookup(models.lookups.Exact):
    def as_sql(self, compiler, connection):
        return "choose_tenant(%s)", [1]


class LowerField(models.CharField):
    def select_format(self, compiler, sql, params):
        return f"own({sql})", params


with warnings.catch_warnings():
    # Django deprecated get_placeholder() in 6.1, but still calls it.
    warnings.simplefilter("ignore")

    class PlaceholderField(models.CharField):
        def get_placeholder(self, value, compiler, connection):
            return "own(%s)"


class NewPlaceholderField(models.CharField):
    def get_placeholder_sql(self, value, compiler, connection):
        return "own(%s)", [value]


class OwnTypeField(models.TextField):
    def db_type(self, connection):
        return "own_type"


class ChooseTenantTransform(models.Transform):
    lookup_name = "chosen"
    function = "choose_tenant"
