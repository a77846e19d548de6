"""Every page of the demo, wide and light, narrow and dark: nothing serious for axe, no sideways scroll."""

import pytest

from core.accounts import actors
from core.accounts.models import User
from core.common import clock
from servicedesk.demo import story
from tests.browser.conftest import DESKTOP, OVERFLOW, PHONE
from webhooks import operations as webhooks

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, reset_sequences=True)]

PAGES = {
    "ana": [
        "/tickets/",
        "/tickets/?view=all",
        "/tickets/TKT-11/",
        "/tickets/TKT-11/?open=escalate",
        "/tickets/TKT-11/?open=resolve",
        "/tickets/TKT-11/?open=edit",
        "/tickets/new/",
        "/search/?q=card",
        "/on-call/",
        "/on-call/?q=load+balancer",
        "/on-call/?q=vic+varga",
        "/on-call/?ticket=TKT-11",
        "/on-call/people/",
        "/on-call/people/uma/",
        "/on-call/pages/",
        "/on-call/pages/PAGE-1/",
        "/on-call/pages/PAGE-2/",
        "/on-call/pages/new/?team=payments-engineering",
        "/on-call/channels/",
    ],
    "eli": [
        "/my/",
        "/on-call/shifts/",
        "/on-call/swaps/",
        "/on-call/swaps/2/",
        "/on-call/calendars/",
        "/accounts/profile/",
    ],
    "ira": [
        "/incidents/",
        "/incidents/declare/",
        "/incidents/INC-2/",
        "/incidents/INC-1/",
        "/incidents/postmortems/",
        "/incidents/INC-1/impact/",
        "/incidents/INC-1/postmortem/",
        "/incidents/INC-1/postmortem/edit/",
    ],
    "pia": ["/problems/", "/problems/PRB-1/", "/problems/PRB-2/", "/problems/new/"],
    "cho": ["/changes/", "/changes/CHG-1/", "/changes/CHG-3/", "/changes/new/"],
    "max": [
        "/dashboard/",
        "/dashboard/hand-offs/",
        "/dashboard/no-sop/",
        "/on-call/new/?vendor",
        "/on-call/file-transfer-vendor/",
        "/on-call/people/max/edit/",
        "/on-call/review/",
        "/on-call/import/",
        "/on-call/policies/",
        "/on-call/policies/1/",
        "/on-call/payments-engineering/",
        "/on-call/payments-engineering/rotations/",
        "/on-call/payments-engineering/rotations/new/",
        "/on-call/payments-engineering/rotations/2/",
        "/on-call/payments-engineering/override/",
        "/on-call/payments-engineering/stand-ins/",
        "/service-levels/",
        "/service-levels/policies/1/",
        "/service-levels/calendars/paris/",
        "/service-levels/calendars/paris/edit/",
        "/service-levels/breaches/",
        "/service-levels/simulate/?priority=P1&kind=issue&at=2027-02-05T16:30",
        "/tickets/TKT-16/clocks/resolution/",
    ],
    "root": [
        "/tiers/",
        "/webhooks/",
        "/webhooks/new/",
        "/webhooks/1/",
        "/webhooks/1/edit/",
        "/webhooks/deliveries/1/",
    ],
    "casey": ["/portal/", "/portal/TKT-11/", "/portal/new/"],
    "": ["/accounts/login/"],
}


# Each width and each theme once: what fails in both at a time fails in one of them.
@pytest.mark.parametrize("size, dark", [(DESKTOP, False), (PHONE, True)])
def test_every_page_is_accessible_and_fits(open_page, login, axe, size, dark):
    story.tell(clock.now().replace(second=0, microsecond=0))
    _a_webhook()
    found = []
    for user, paths in PAGES.items():
        page = open_page(size, dark=dark)
        if user:
            login(page, User.objects.get(username=user))
        for path in paths:
            answer = page.goto(path)
            found += [f"{path}: answered {answer.status}"] if answer.status != 200 else []
            found += [f"{path}: {finding}" for finding in axe(page)]
            over = page.evaluate(OVERFLOW)
            found += [f"{path}: scrolls sideways by {over} px"] if over > 0 else []
    assert found == []


def _a_webhook() -> None:
    """The demo has none, as it calls nobody outside."""
    by = actors.for_user(User.objects.get(username="root"))
    made = webhooks.create(
        name="Register", url="https://93.184.215.14/x", events=["ticket.*", "change.closed"], by=by
    )
    webhooks.skip(webhooks.test(made.webhook.pk, by=by).pk, by=by)
