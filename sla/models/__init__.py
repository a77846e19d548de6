"""Calendars, policies, the clocks that run by them, and the promises that were missed."""

from sla.models.breaches import Breach, Cause
from sla.models.calendars import BUSINESS_WEEK, Calendar, CalendarVersion, business_week
from sla.models.clocks import Clock, Interval
from sla.models.policies import Goal, Policy
from sla.models.rollouts import Rollout

__all__ = [
    "BUSINESS_WEEK",
    "Breach",
    "Calendar",
    "CalendarVersion",
    "Cause",
    "Clock",
    "Goal",
    "Interval",
    "Policy",
    "Rollout",
    "business_week",
]
