"""Finding rules."""

from __future__ import annotations

from core.accounts.models import User
from core.common.filters import CommaChoiceFilter, CommaRefFilter, FlagFilter, SearchFilter, StrictFilterSet
from tickets.models import AutomationRule


class RuleFilter(StrictFilterSet):
    search = SearchFilter("name")
    trigger = CommaChoiceFilter(choices=AutomationRule.Trigger.choices)
    owner = CommaRefFilter(User, "username")
    active = FlagFilter()

    class Meta:
        model = AutomationRule
        fields: list[str] = []
