"""What an incident cost in availability: arithmetic, rules, and the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from catalogue.models import Application, Region, Service
from core.audit import trail
from core.common.errors import Conflict, Invalid, NotAllowed, RuleBroken
from incidents import impact, impact_rules, operations
from incidents.impact_rules import Part, Stretch
from incidents.models import ImpactAssessment, Incident
from tests.incidents.conftest import at

QUARTER = Part("eu", "EU", 0.25)


def stretch(start: str, end: str, degraded: float = 1.0, **more: Any) -> Stretch:
    return Stretch("Payments", at(start), at(end), degraded, **more)


@pytest.fixture
def restored(declared: Incident, traveller: Any, ira: Any, by: Any) -> Incident:
    """From 10:02 to 10:40, SEV2."""
    traveller.move_to(at("10:40"))
    return operations.declare_restored(declared.reference, body="Works", severity="SEV2", by=by(ira))


# --- arithmetic -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("more", "minutes"), [({}, 46), ({"regions": (QUARTER,)}, 11.5)])
def test_overlapping_time_counts_once(more: dict[str, Any], minutes: float) -> None:
    """HARD_CASES 34."""
    two = [stretch("10:00", "10:40", 0.3, **more), stretch("10:20", "11:00", 1.0, **more)]
    assert impact_rules.weighted_minutes(two) == pytest.approx(minutes)


def test_two_regions_add_up_and_a_service_is_a_part_of_the_work() -> None:
    us = Part("us", "US", 0.5)
    both = [stretch("10:00", "10:10", regions=(QUARTER,)), stretch("10:00", "10:10", regions=(us,))]
    assert impact_rules.weighted_minutes(both) == pytest.approx(7.5)
    a_fifth = stretch("10:00", "11:00", regions=(Part("r", "R", 0.1),), services=(Part("s", "S", 0.2),))
    assert impact_rules.weighted_minutes([a_fifth]) == pytest.approx(1.2)


def test_regions_that_are_each_everybody_never_count_a_minute_twice() -> None:
    whole = tuple(Part(name, name, 1.0) for name in "ab")
    assert impact_rules.weighted_minutes([stretch("10:00", "10:10", regions=whole)]) == pytest.approx(10)


def test_planned_time_does_not_count() -> None:
    assert impact_rules.weighted_minutes([stretch("10:00", "10:10", planned=True)]) == 0


def test_the_sentence() -> None:
    eu = Part("eu", "EU", 1.0)
    said = impact_rules.sentence(stretch("10:00", "10:23", 0.3, regions=(eu,)))
    assert said == "23 minutes at 30 % of users in EU: 6.9 weighted minutes"
    said = impact_rules.sentence(stretch("10:00", "10:40", regions=(QUARTER,)))
    assert said == "40 minutes at 100 % of users in EU (25 % of all users): 10 weighted minutes"


# --- the operation ----------------------------------------------------------------------------------------
def test_without_more_it_is_all_of_the_incident(
    restored: Incident, payments: Application, ira: Any, by: Any
) -> None:
    made = operations.assess_impact(restored.reference, intervals=[{"application": payments}], by=by(ira))

    [interval] = made.intervals.all()
    assert (interval.started_at, interval.ended_at, interval.degraded) == (at("10:02"), at("10:40"), 1)
    assert impact.words(made) == "Payments 38 weighted minutes"


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"started_at": at("10:01")}, "started_at"),
        ({"ended_at": at("10:41")}, "ended_at"),
        ({"started_at": at("10:30"), "ended_at": at("10:20")}, "ended_at"),
        ({"started_at": at("10:30"), "ended_at": at("10:30")}, "ended_at"),
        ({"degraded": 0}, "degraded"),
        ({"degraded": 1.1}, "degraded"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    given: dict[str, Any], where: str, restored: Incident, payments: Application, ira: Any, by: Any
) -> None:
    good = {"application": payments}
    with pytest.raises(Invalid) as refused:
        operations.assess_impact(restored.reference, intervals=[good, {**good, **given}], by=by(ira))
    assert f"intervals.1.{where}" in refused.value.errors
    assert not ImpactAssessment.objects.exists()


def test_a_service_belongs_to_its_application(
    restored: Incident, payments: Application, ira: Any, by: Any
) -> None:
    other = Service.objects.create(
        application=Application.objects.create(slug="tills", name="Tills"), slug="scan", name="Scanning"
    )
    with pytest.raises(Invalid) as refused:
        operations.assess_impact(
            restored.reference, intervals=[{"application": payments, "services": [other]}], by=by(ira)
        )
    assert "no service of Payments" in str(refused.value)


@pytest.mark.parametrize(
    "given", [{}, {"no_impact": True}, {"no_impact": True, "reason": "x", "intervals": True}]
)
def test_neither_nothing_nor_both(
    given: dict[str, Any], restored: Incident, payments: Application, ira: Any, by: Any
) -> None:
    if given.get("intervals"):
        given = {**given, "intervals": [{"application": payments}]}
    with pytest.raises(RuleBroken):
        operations.assess_impact(restored.reference, **given, by=by(ira))


def test_no_impact_is_a_judgement_with_a_reason(restored: Incident, ira: Any, by: Any) -> None:
    made = operations.assess_impact(restored.reference, no_impact=True, reason="A queue held it.", by=by(ira))
    assert (made.no_impact, made.intervals.count()) == (True, 0)


def test_an_incident_that_goes_on_is_not_judged(
    declared: Incident, payments: Application, ira: Any, by: Any
) -> None:
    with pytest.raises(Conflict):
        operations.assess_impact(declared.reference, intervals=[{"application": payments}], by=by(ira))


def test_the_account_manager_reads_and_does_not_judge(restored: Incident, kim: Any, by: Any) -> None:
    with pytest.raises(NotAllowed):
        operations.assess_impact(restored.reference, no_impact=True, reason="x", by=by(kim))


def test_judging_anew_keeps_what_was_said(
    restored: Incident, payments: Application, ira: Any, eli: Any, by: Any
) -> None:
    ref = restored.reference
    operations.assess_impact(ref, intervals=[{"application": payments}], by=by(ira))
    operations.assess_impact(
        ref, intervals=[{"application": payments, "degraded": 0.5}], number=1, by=by(eli)
    )

    assert [found.number for found in restored.assessments.order_by("number")] == [1, 2]
    event = trail.history("incident", restored.pk).filter(name="incident.impact_assessed").last()
    assert event is not None
    assert (event.before["intervals"][0]["degraded"], event.after["intervals"][0]["degraded"]) == (1.0, 0.5)
    with pytest.raises(Conflict) as late:
        operations.assess_impact(ref, no_impact=True, reason="x", number=1, by=by(ira))
    assert "Eli Engel" in late.value.sentence and "19 weighted minutes" in late.value.sentence


# --- the page ---------------------------------------------------------------------------------------------
@pytest.fixture
def page(restored: Incident, ira: Any, client: Client) -> Callable[..., Any]:
    client.force_login(ira)
    url = f"/incidents/{restored.reference}/impact/"

    def send(do: str = "", **typed: str) -> Any:
        if not do:
            return client.get(url)
        rows = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "number": "0", "do": do}
        return client.post(url, {**rows, **typed})

    return send


def test_the_form_opens_with_the_incident(page: Callable[..., Any]) -> None:
    shown = page().content.decode()
    assert 'value="2026-03-02T10:02"' in shown and 'value="2026-03-02T10:40"' in shown
    assert '<option value="payments" selected' in shown


def test_a_preview_says_what_it_comes_to_and_writes_nothing(page: Callable[..., Any]) -> None:
    answer = page("preview", **{"form-0-application": "payments", "form-0-share": "30"})
    assert "38 minutes at 30 % of users: 11.4 weighted minutes" in answer.content.decode()
    assert not ImpactAssessment.objects.exists()


def test_one_more_row_keeps_what_was_typed(page: Callable[..., Any]) -> None:
    shown = page("add", **{"form-0-application": "payments", "form-0-share": "30"}).content.decode()
    assert 'name="form-2-application"' in shown and 'value="30"' in shown


def test_saving_and_an_error_at_its_row(page: Callable[..., Any], restored: Incident) -> None:
    wrong = page("save", **{"form-0-application": "payments", "form-0-ended_at": "2026-03-02T10:59"})
    assert wrong.status_code == 400
    assert "restored at 2 Mar 10:40 UTC" in wrong.content.decode()
    assert page("save", **{"form-0-application": "payments"}).status_code == 302
    assert restored.assessments.get().by_label == "Ira Ivers"


@pytest.mark.parametrize("total", ["x", "-1", "9999999999", ""])
def test_a_forged_number_of_rows_is_a_mistake_and_no_more(total: str, page: Callable[..., Any]) -> None:
    for do in ("save", "add"):
        assert page(do, **{"form-TOTAL_FORMS": total}).status_code in (200, 400, 422)


def test_seconds_that_the_field_does_not_show_are_kept(
    traveller: Any, payments: Application, stakeholders: list[str], ira: Any, by: Any, client: Client
) -> None:
    traveller.move_to(at("10:02").replace(second=37))
    ref = operations.declare(title="x", applications=[payments], severity="SEV2", by=by(ira)).reference
    traveller.move_to(at("10:40").replace(second=12))
    operations.declare_restored(ref, body="Works", by=by(ira))
    client.force_login(ira)
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "number": "0", "do": "save"}
    times = {"form-0-started_at": "2026-03-02T10:02", "form-0-ended_at": "2026-03-02T10:40"}
    sent = client.post(f"/incidents/{ref}/impact/", {**rows, **times, "form-0-application": "payments"})
    assert sent.status_code == 302, sent.content[:3000]
    [interval] = ImpactAssessment.objects.get().intervals.all()
    assert (interval.started_at.second, interval.ended_at.second) == (37, 12)


def test_through_the_api(restored: Incident, payments: Application, eu_west: Region, api: Any) -> None:
    url = f"/incidents/{restored.reference}/"
    body = {"intervals": [{"application": "payments", "regions": ["eu-west"], "degraded": 0.3}]}
    made = api("ira").post(f"{url}assess_impact/", body)
    assert made.status_code == 201, made.content
    assert made.json()["weighted"] == [{"application": "Payments", "weighted_minutes": pytest.approx(11.4)}]
    [listed] = api("kim").get(f"{url}impact_assessments/").json()["results"]
    assert listed["intervals"][0]["sentence"].startswith("38 minutes at 30 % of users in EU West")
    wrong = api("ira").post(
        f"{url}assess_impact/", {"intervals": [{"application": "payments", "degraded": 2}]}
    )
    assert wrong.status_code == 400


@pytest.mark.parametrize("total", ["9" * 5000, "-1", "x", "²", "٣", ""])
def test_any_number_of_rows_may_be_sent(total, declared, ira, client):
    client.force_login(ira)
    asked = {"do": "add", "form-TOTAL_FORMS": total, "form-INITIAL_FORMS": "0", "number": "0"}
    assert client.post(f"/incidents/{declared.reference}/impact/", asked).status_code == 200
