"""The model of a place."""

from django.contrib.gis.db import models


class Place(models.Model):
    """A name and a point."""

    name = models.CharField(max_length=50)
    at = models.PointField()

    class Meta:
        app_label = "places"
