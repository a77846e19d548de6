"""One table holds what can be found: public and staff text apart, with the columns that decide who sees it.

The full-text index beside it is made by a migration: a generated tsvector on PostgreSQL, FTS5 on SQLite.
"""

from django.db import models


class SearchDoc(models.Model):
    kind = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    reference = models.CharField(max_length=60)
    title = models.CharField(max_length=300)
    public = models.TextField(blank=True)
    staff = models.TextField(blank=True)
    staff_only = models.BooleanField(default=False)
    confidential = models.BooleanField(default=False)
    organisation_id = models.BigIntegerField(null=True)
    owner_id = models.BigIntegerField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="search_doc_once")]
        indexes = [
            models.Index(fields=["organisation_id"], name="search_by_organisation"),
            models.Index(fields=["owner_id"], name="search_by_owner"),
            models.Index(fields=["reference"], name="search_by_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"
