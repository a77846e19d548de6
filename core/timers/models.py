"""What the sweeps leave behind about themselves. The due times stand on the rows that they concern."""

from django.db import models


class Pulse(models.Model):
    """When something that must run for ever last ran; an old pulse turns the desk's health red."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"


class StuckRow(models.Model):
    """A due row whose action threw. It is left out until `retry_at`, so that it does not hold up the others."""

    sweep = models.CharField(max_length=60)
    row = models.CharField(max_length=60)
    error = models.TextField()
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    retry_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "row"], name="timers_stuck_once")]

    def __str__(self) -> str:
        return f"{self.sweep} {self.row}: {self.error[:60]}"
