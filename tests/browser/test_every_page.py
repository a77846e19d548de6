"""Every page of the demo, wide and narrow, light and dark: nothing serious for axe, no sideways scroll."""

import pytest

from core.accounts.models import User
from core.common import clock
from servicedesk.demo import story
from tests.browser.conftest import DESKTOP, OVERFLOW, PHONE

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
    ],
    "ira": ["/incidents/", "/incidents/declare/", "/incidents/INC-2/", "/incidents/INC-1/"],
    "pia": ["/problems/", "/problems/PRB-1/", "/problems/PRB-2/", "/problems/new/"],
    "cho": ["/changes/", "/changes/CHG-1/", "/changes/CHG-3/", "/changes/new/"],
    "max": ["/dashboard/"],
    "casey": ["/portal/", "/portal/TKT-11/", "/portal/new/"],
    "": ["/accounts/login/"],
}


@pytest.mark.parametrize("size, dark", [(DESKTOP, False), (DESKTOP, True), (PHONE, False), (PHONE, True)])
def test_every_page_is_accessible_and_fits(open_page, login, axe, size, dark):
    story.tell(clock.now().replace(second=0, microsecond=0))
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
