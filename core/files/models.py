"""Uploaded files: the bytes lie outside the web root under random names."""

from django.db import models


class StoredFile(models.Model):
    SUBJECT = "file"

    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField()
    uploaded_by_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.name
