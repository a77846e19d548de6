"""Open clocks follow an edited calendar or policy, so many at a time."""

from __future__ import annotations

from django.db import models

from sla.models.calendars import Calendar
from sla.models.policies import Policy


class Rollout(models.Model):
    """An edit on its way to the clocks that were open when it was made; one of calendar and policy is set.

    A sweep takes the next clocks after `after_clock`, up to `until_clock`; `next_at` is empty when it is through.
    A second look (until ALL) comes a little later, for clocks that were being started while the edit was made.
    """

    ALL = 2**62

    calendar = models.ForeignKey(Calendar, null=True, on_delete=models.CASCADE, related_name="rollouts")
    policy = models.ForeignKey(Policy, null=True, on_delete=models.CASCADE, related_name="rollouts")
    why = models.CharField(max_length=200)
    after_clock = models.BigIntegerField(default=0)
    until_clock = models.BigIntegerField()
    next_at = models.DateTimeField(null=True)
    moved = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"], name="sla_rollout_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.why}: {self.moved} moved"
