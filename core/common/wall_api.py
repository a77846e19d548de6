"""Local times in the API: a time without an offset, read in the `zone` that stands beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from core.common.api import StrictSerializer, UtcDateTime, Zone
from core.common.walltime import moment_of


class WallDateTime(UtcDateTime):
    """A moment as ISO 8601; without an offset it is the wall clock of the object's `zone`."""

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        parsed = parse_datetime(value) if isinstance(value, str) else None
        return moment.replace(tzinfo=None) if parsed is not None and parsed.tzinfo is None else moment


class LocalTimesSerializer(StrictSerializer):
    """Its WallDateTimes become moments. A local one that the clocks skip or repeat is 400 with its neighbours."""

    zone = Zone(
        max_length=64,
        required=False,
        help_text="Where times without an offset are read, as Europe/Paris; UTC without it.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Raises Unclear (400), offering both neighbours, for a time that does not exist or exists twice."""
        zone = attrs.pop("zone", "UTC")
        return {
            name: moment_of(value, zone, field=name)
            if isinstance(value, datetime) and value.tzinfo is None
            else value
            for name, value in attrs.items()
        }
