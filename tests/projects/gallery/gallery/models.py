from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Picture(models.Model):
    title = models.CharField(_("title"), max_length=120)
    slug = models.SlugField(unique=True)
    painted_in = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("picture", args=[self.slug])
