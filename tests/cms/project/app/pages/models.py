"""What editors write."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Page(models.Model):
    """A page of the site, found by its path."""

    path = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=200)
    keywords = ArrayField(models.CharField(max_length=40), default=list)

    def __str__(self):
        return self.title
