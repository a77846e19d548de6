"""One filter per kind, for pages and API alike."""

from __future__ import annotations

from catalogue.models import Application
from core.accounts.models import User
from core.common.filters import (
    CommaChoiceFilter,
    CommaNumberFilter,
    CommaRefFilter,
    FlagFilter,
    SearchFilter,
    StrictFilterSet,
)
from core.common.vocabulary import CustomerTier
from customers.models import (
    Audience,
    BusyWindow,
    Contact,
    EnvironmentAnswer,
    ImpactNote,
    Organisation,
    Subscription,
)


class OrganisationFilter(StrictFilterSet):
    search = SearchFilter("slug", "name")
    tier = CommaChoiceFilter(choices=CustomerTier.choices)
    account_manager = CommaRefFilter(User, "username", nullable=True)
    at_risk = FlagFilter()

    class Meta:
        model = Organisation
        fields: list[str] = []


class ContactFilter(StrictFilterSet):
    search = SearchFilter("name", "email")
    organisation = CommaRefFilter(Organisation, nullable=True)

    class Meta:
        model = Contact
        fields: list[str] = []


class BusyWindowFilter(StrictFilterSet):
    organisation = CommaRefFilter(Organisation)

    class Meta:
        model = BusyWindow
        fields: list[str] = []


class ImpactNoteFilter(StrictFilterSet):
    organisation = CommaRefFilter(Organisation, nullable=True)
    application = CommaRefFilter(Application)

    class Meta:
        model = ImpactNote
        fields: list[str] = []


class AnswerFilter(StrictFilterSet):
    organisation = CommaRefFilter(Organisation)
    application = CommaRefFilter(Application, field_name="question__application")

    class Meta:
        model = EnvironmentAnswer
        fields: list[str] = []


class CommaIncidentFilter(CommaNumberFilter):
    """incident=INC-4,INC-7."""

    def parse(self, text: str) -> int:
        return super().parse(text.upper().removeprefix("INC-"))


class SubscriptionFilter(StrictFilterSet):
    application = CommaRefFilter(Application, nullable=True)
    organisation = CommaRefFilter(Organisation, nullable=True)
    person = CommaRefFilter(User, "username", field_name="user", nullable=True)
    audience = CommaChoiceFilter(choices=Audience.choices)
    incident = CommaIncidentFilter(field_name="incident_id")

    class Meta:
        model = Subscription
        fields: list[str] = []
