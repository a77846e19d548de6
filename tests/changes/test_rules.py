from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from changes import risk, rules
from changes.rules import Facts
from changes.vocabulary import Status
from core.common.errors import Conflict, Invalid, NotAllowed, RuleBroken
from sla.business_time import Hours

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
HOURS = Hours(ZoneInfo("UTC"), {day: ((9 * 60, 17 * 60),) for day in range(5)})
LOW = dict.fromkeys(risk.BY_KEY, 2)
WHOLE = Facts(
    type="normal", title="T", description="D", need="N", applications=[1], planned_start=NOW + timedelta(days=7),
    planned_end=NOW + timedelta(days=7, hours=1), risk=LOW, implementation_plan="I", backout_plan="B",
    validation_plan="V", responsible=1,
)  # fmt: skip


def test_a_whole_change_lacks_nothing():
    assert rules.missing_parts(WHOLE) == {}


@pytest.mark.parametrize(
    ("field", "nothing"),
    [
        ("description", " "), ("need", ""), ("risk", {"users": 1}), ("planned_start", None), ("planned_end", None),
        ("implementation_plan", ""), ("backout_plan", ""), ("validation_plan", ""), ("responsible", None),
        ("applications", []),
    ],
)  # fmt: skip
def test_each_part_is_asked_for_at_its_own_field(field, nothing):
    assert list(rules.missing_parts(replace(WHOLE, **{field: nothing}))) == [field]


def test_exactly_five_days_are_enough_and_a_minute_less_is_refused():
    start = datetime(2026, 11, 9, 9, tzinfo=UTC)
    rules.check_lead_time(replace(WHOLE, planned_start=start), NOW, HOURS)

    with pytest.raises(RuleBroken, match=r"Earliest possible start: Mon 9 Nov 09:00 \(UTC\)") as broken:
        rules.check_lead_time(replace(WHOLE, planned_start=start - timedelta(minutes=1)), NOW, HOURS)
    assert list(broken.value.errors) == ["planned_start"]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"touches_code": True}, "BAU never touches code"),
        ({"touches_sql": True}, "BAU never touches SQL"),
        ({"commit_links": ["https://git.example/1"]}, "BAU has no commit"),
        ({"fix_kind": "hotfix"}, "BAU fixes no code"),
        ({"fix_kind": "patch"}, "BAU fixes no code"),
        ({"fix_kind": "bug_fix"}, "BAU fixes no code"),
    ],
)
def test_bau_is_refused_with_the_name_of_the_rule(values, name):
    with pytest.raises(Invalid, match=name):
        rules.check_complete(replace(WHOLE, type="bau", **values))


def test_bau_maintenance_needs_no_risk_assessment_and_one_supervisor():
    facts = replace(WHOLE, type="bau", fix_kind="maintenance", risk={})

    assert rules.missing_parts(facts) == {}
    assert [role for role, _ in rules.required_approvals(facts, 0)] == ["supervisor"]


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ({}, False), ({"ticket_severity": "SEV3"}, False), ({"ticket_severity": "SEV2"}, True),
        ({"ticket_severity": "SEV1"}, True), ({"incident": True}, True),
    ],
)  # fmt: skip
def test_an_emergency_serves_an_incident_or_a_grave_ticket(values, accepted):
    assert ("incident" not in rules.missing_parts(replace(WHOLE, type="emergency", **values))) is accepted


@pytest.mark.parametrize(
    ("values", "days", "roles"),
    [
        ({}, 5, ["production_support"]),
        ({"risk": dict.fromkeys(risk.BY_KEY, 4)}, 5, ["production_support", "change_board"]),
        ({"type": "emergency"}, 0, ["production_support", "supervisor"]),
        ({"type": "emergency"}, 6, ["production_support"]),
    ],
)
def test_production_support_always_approves_and_less_time_or_more_risk_asks_for_more(values, days, roles):
    needed = rules.required_approvals(replace(WHOLE, **values), days)

    assert [role for role, _ in needed] == roles
    assert all(why and "{" not in why for _, why in needed)


@pytest.mark.parametrize(("author", "responsible"), [(1, 2), (2, 1)])
def test_nobody_approves_their_own_change(author, responsible):
    with pytest.raises(NotAllowed, match="nobody approves their own change"):
        rules.check_approver(
            author=author, responsible=responsible, actor=1, who_can="Manager", reference="CHG-1"
        )


def test_an_illegal_move_says_what_is_possible():
    with pytest.raises(
        Conflict, match=r"CHG-1 is draft, so you cannot approve it. Possible now: submit, withdraw."
    ):
        rules.check_move("approve", Status.DRAFT, "normal", "CHG-1")


def test_only_an_emergency_starts_before_it_is_approved():
    def permit(kind: str) -> bool:
        return rules.may_start(
            status="submitted",
            change_type=kind,
            start=NOW,
            end=NOW + timedelta(hours=1),
            now=NOW,
            in_the_way="",
        ).may_start

    assert (permit("normal"), permit("bau"), permit("emergency")) == (False, False, True)


@pytest.mark.parametrize(("minutes", "allowed"), [(-1, False), (0, True), (59, True), (60, False)])
def test_a_change_starts_inside_its_window(minutes, allowed):
    permit = rules.may_start(
        status="scheduled", change_type="normal", start=NOW, end=NOW + timedelta(hours=1),
        now=NOW + timedelta(minutes=minutes), in_the_way="",
    )  # fmt: skip

    assert permit.may_start is allowed


@pytest.mark.parametrize("result", ["", "failed"])
def test_success_needs_a_check_that_passed(result):
    with pytest.raises(RuleBroken):
        rules.check_outcome("successful", result)


def test_the_score_is_the_sum_once_all_is_answered():
    assert risk.score({"users": 3}) is None
    assert risk.score(dict.fromkeys(risk.BY_KEY, "high")) == 25
    assert (risk.level(None), risk.level(9), risk.level(10), risk.level(16)) == ("", "low", "medium", "high")


@pytest.mark.parametrize(
    "answers", [{"colour": 1}, {"users": 6}, {"users": 0}, {"users": True}, {"users": [1]}]
)
def test_unknown_questions_and_answers_are_named(answers):
    with pytest.raises(Invalid, match=next(iter(answers))):
        rules.check_content({"risk": answers})


@pytest.mark.parametrize("link", ["javascript:alert(1)", "git.example", "https://x y", "https://x/<b>"])
def test_commit_links_are_web_addresses(link):
    with pytest.raises(Invalid):
        rules.check_content({"commit_links": [link]})
