"""The places."""

from django.contrib.gis.db import models


class Place(models.Model):
    """A name and where it is."""

    name = models.CharField(max_length=50)
    at = models.PointField()

    class Meta:
        app_label = "places"
