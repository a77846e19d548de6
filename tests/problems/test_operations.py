import threading

import pytest
from django.db import connection

from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from core.search import queries as search
from problems import follow_up, operations, queries
from problems.models import Problem, Status
from worklog import subjects
from worklog.models import Link


def last_event() -> Event:
    return Event.objects.order_by("-id").first()


class Work(Problem):
    """Stands for a ticket, an incident or a change: those live in rooms of their own tests."""

    class Meta:
        proxy = True
        app_label = "problems"


def kind(monkeypatch, problem, name: str, prefix: str) -> str:
    """Make the problem's row known as another kind of work, under that kind's reference."""
    monkeypatch.setattr(Work, "SUBJECT", name)
    monkeypatch.setattr(Work, "PREFIX", prefix)
    known = subjects.Kind(
        name, prefix, lambda actor: Work.objects.visible_to(actor), "title", "problems:detail"
    )
    monkeypatch.setitem(subjects._kinds, name, known)
    return f"{prefix}-{problem.pk}"


def test_a_title_is_enough(pia, by):
    problem = operations.open_problem(title="Ledger lags at month end", by=by(pia))

    assert (problem.reference, problem.status, problem.source) == (f"PRB-{problem.pk}", "open", "proactive")
    assert last_event().name == "problem.opened"


def test_an_empty_title_is_refused(pia, by):
    with pytest.raises(RuleBroken):
        operations.open_problem(title="  ", by=by(pia))


def test_the_whole_way(problem, pia, by):
    actor = by(pia)

    operations.investigate(problem.reference, by=actor)
    operations.set_root_cause(
        problem.reference, category="code", statement="A cursor leaks.", whys=["a", "b"], by=actor
    )
    operations.plan_fix(problem.reference, fix_kind="hotfix", by=actor)
    operations.resolve(problem.reference, by=actor)
    closed = operations.close(problem.reference, by=actor)

    assert (closed.status, closed.owner, closed.version) == (Status.CLOSED, pia, 6)
    assert closed.closed_at is not None


def test_a_move_is_recorded_with_before_and_after(problem, pia, by):
    operations.investigate(problem.reference, by=by(pia))

    event = last_event()
    assert (event.before["status"], event.after["status"], event.actor_id) == (
        "open",
        "investigating",
        pia.pk,
    )


def test_resolving_needs_the_cause(problem, pia, by):
    operations.investigate(problem.reference, by=by(pia))

    with pytest.raises(Conflict, match="no root cause"):
        operations.resolve(problem.reference, by=by(pia))


def test_closing_needs_every_action_done_or_dropped_with_a_reason(caused, add, pia, by):
    done, dropped = add(), add(title="Write the runbook")
    operations.resolve(caused.reference, by=by(pia))
    follow_up.finish_action(done.pk, by=by(pia))
    with pytest.raises(Conflict, match="1 action is still open: Write the runbook"):
        operations.close(caused.reference, by=by(pia))
    with pytest.raises(RuleBroken):
        follow_up.drop_action(dropped.pk, reason=" ", by=by(pia))

    follow_up.drop_action(dropped.pk, reason="The tool does it now.", by=by(pia))

    assert operations.close(caused.reference, by=by(pia)).status == Status.CLOSED


def test_the_cause_can_be_corrected_without_going_back(caused, pia, by):
    operations.plan_fix(caused.reference, fix_kind="patch", by=by(pia))

    problem = operations.set_root_cause(caused.reference, category="data", statement="Bad rows.", by=by(pia))

    assert (problem.status, problem.cause, problem.cause_category) == (Status.FIXING, "Bad rows.", "data")


def test_reopening_needs_a_reason_and_keeps_the_texts(caused, pia, by):
    operations.resolve(caused.reference, by=by(pia))
    with pytest.raises(RuleBroken):
        operations.reopen(caused.reference, reason="", by=by(pia))

    problem = operations.reopen(caused.reference, reason="It happened again.", by=by(pia))

    assert (problem.status, problem.reopened_count, problem.resolved_at) == (Status.INVESTIGATING, 1, None)
    assert problem.cause == "A cursor leaks."
    assert last_event().data["reason"] == "It happened again."


def test_a_lost_race_is_a_conflict(problem, pia, by, monkeypatch):
    stale = queries.get_for(problem.reference, by=by(pia))
    operations.investigate(problem.reference, by=by(pia))
    monkeypatch.setattr(queries, "get_for", lambda *args, **kwargs: stale)

    with pytest.raises(Conflict, match="look at it again"):
        operations.investigate(problem.reference, by=by(pia))


def test_an_action_that_slips_in_stops_the_closing(caused, add, pia, by, monkeypatch):
    operations.resolve(caused.reference, by=by(pia))
    seen = queries.get_for(caused.reference, by=by(pia))
    add()
    monkeypatch.setattr(queries, "get_for", lambda *args, **kwargs: seen)
    monkeypatch.setattr(operations.rules, "check_close", lambda *args: None)

    with pytest.raises(Conflict):
        operations.close(caused.reference, by=by(pia))


def test_a_stale_edit_names_what_differs(problem, pia, ana, by):
    operations.edit(problem.reference, changes={"title": "Mine"}, version=problem.version, by=by(pia))

    with pytest.raises(Stale) as refused:
        operations.edit(problem.reference, changes={"title": "Yours"}, version=problem.version, by=by(ana))

    assert refused.value.fields == {"title": "Mine"}
    assert Problem.objects.get().title == "Mine"


def test_an_edit_that_changes_nothing_leaves_no_trace(problem, pia, by):
    same = operations.edit(problem.reference, changes={"title": problem.title}, by=by(pia))

    assert (same.version, last_event().name) == (problem.version, "problem.opened")


def test_the_status_is_not_edited(problem, pia, by):
    with pytest.raises(RuleBroken):
        operations.edit(problem.reference, changes={"status": "closed"}, by=by(pia))


# --- raised from other work -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "prefix", "source"), [("ticket", "TKT", "recurring"), ("incident", "INC", "incident")]
)
def test_raising_links_and_happens_once(problem, ana, by, monkeypatch, name, prefix, source):
    reference = kind(monkeypatch, problem, name, prefix)

    raised = operations.raise_problem(reference, by=by(ana))

    assert (raised.title, raised.source) == (problem.title, source)
    assert Link.objects.filter(subject_kind="problem", subject_id=raised.pk, to_kind=name).count() == 1
    with pytest.raises(Conflict, match=raised.reference):
        operations.raise_problem(reference, by=by(ana))


def test_the_title_of_a_confidential_ticket_stays_with_it(problem, ana, by, monkeypatch):
    reference = kind(monkeypatch, problem, "ticket", "TKT")
    monkeypatch.setattr(Work, "confidential", True, raising=False)

    raised = operations.raise_problem(reference, by=by(ana))

    assert raised.title == f"Cause of {reference}"


def test_the_fix_is_carried_by_changes_only(caused, pia, by, monkeypatch):
    reference = kind(monkeypatch, caused, "change", "CHG")

    operations.plan_fix(caused.reference, fix_kind="bug_fix", changes=[reference], by=by(pia))

    assert Link.objects.filter(to_kind="change").count() == 1
    with pytest.raises(RuleBroken, match="no change"):
        operations.plan_fix(caused.reference, fix_kind="bug_fix", changes=[caused.reference], by=by(pia))


# --- who --------------------------------------------------------------------------------------------------
def test_for_customers_problems_do_not_exist(problem, casey, by):
    with pytest.raises(NotFound):
        queries.get_for(problem.reference, by=by(casey))
    with pytest.raises(NotFound):
        operations.raise_problem("TKT-1", by=by(casey))
    assert not Problem.objects.visible_to(by(casey)).exists()
    assert not queries.actions(by(casey)).exists()


def test_search_finds_the_cause_for_staff_only(caused, ana, casey, by):
    assert [doc.reference for doc in search.find("cursor leaks", by(ana))] == [caused.reference]
    assert search.find("cursor leaks", by(casey)) == []


# --- known error ------------------------------------------------------------------------------------------
WORDS = {"symptom": "Export stays at 0 %.", "workaround": "Export month by month."}


def test_analysts_propose_and_a_problem_manager_publishes(problem, ana, pia, by):
    operations.propose_known_error(problem.reference, **WORDS, by=by(ana))
    with pytest.raises(NotAllowed):
        operations.publish_known_error(problem.reference, by=by(ana))

    known = operations.publish_known_error(problem.reference, by=by(pia)).known_error

    assert (known.proposed_by, known.published_by, known.symptom) == (ana, pia, WORDS["symptom"])
    assert known.published_at is not None


def test_whoever_wrote_it_does_not_publish_it(problem, pia, max, by):
    operations.propose_known_error(problem.reference, **WORDS, by=by(pia))

    with pytest.raises(NotAllowed, match="another problem manager"):
        operations.publish_known_error(problem.reference, by=by(pia))

    assert operations.publish_known_error(problem.reference, by=by(max)).known_error.is_published


def test_without_a_proposal_the_author_is_who_opened_the_problem(problem, pia, max, by):
    with pytest.raises(NotAllowed):
        operations.publish_known_error(problem.reference, **WORDS, by=by(pia))

    assert (
        operations.publish_known_error(problem.reference, **WORDS, by=by(max)).workaround
        == WORDS["workaround"]
    )


def test_publishing_needs_a_workaround_but_no_cause(problem, max, by):
    with pytest.raises(Invalid) as refused:
        operations.publish_known_error(problem.reference, symptom="It stops.", by=by(max))

    assert list(refused.value.errors) == ["workaround"]


def test_publishing_twice_happens_once(problem, ana, pia, by):
    operations.propose_known_error(problem.reference, **WORDS, by=by(ana))
    first = operations.publish_known_error(problem.reference, by=by(pia))

    again = operations.publish_known_error(problem.reference, by=by(pia))

    assert (again.version, again.known_error.published_at) == (first.version, first.known_error.published_at)
    assert Event.objects.filter(name="problem.known_error_published").count() == 1


def test_a_published_text_is_corrected_by_publishers_only(problem, ana, pia, by):
    operations.propose_known_error(problem.reference, **WORDS, by=by(ana))
    published = operations.publish_known_error(problem.reference, by=by(pia)).known_error
    with pytest.raises(Conflict):
        operations.propose_known_error(problem.reference, **{**WORDS, "workaround": "Pray."}, by=by(ana))

    known = operations.publish_known_error(
        problem.reference, workaround="Export by week.", by=by(pia)
    ).known_error

    assert (known.workaround, known.published_at) == ("Export by week.", published.published_at)
    assert last_event().name == "problem.known_error_corrected"


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_of_eight_who_raise_a_problem_from_one_ticket_one_wins(problem, ana, by, monkeypatch):
    reference, outcomes = kind(monkeypatch, problem, "ticket", "TKT"), []

    def attempt() -> None:
        try:
            outcomes.append(operations.raise_problem(reference, by=by(ana)).reference)
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes)[1:] == ["conflict"] * 7
