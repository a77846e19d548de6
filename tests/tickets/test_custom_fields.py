"""The desk's own fields: what may stand in them, and where they show."""

import pytest

from core.audit.models import Event
from core.common.actor import Door, system
from core.common.errors import Invalid
from tests.api.conftest import Api, problem, token_for
from tickets import completion, operations
from tickets.models import CustomField

pytestmark = pytest.mark.django_db


@pytest.fixture
def fields(desk):
    make = CustomField.objects.create
    return [
        make(key="batch", label="Batch number"),
        make(key="amount", label="Amount", type="number", application=desk.payments),
        make(key="bank", label="Bank", type="choice", choices=["Nord", "Sud"], kind="issue"),
        make(key="booked-on", label="Booked on", type="date"),
        make(key="old", label="Old", active=False),
    ]


@pytest.fixture
def made(desk, fields, by, ana):
    def make(**custom):
        return operations.create(subject="s", application=desk.payments, custom=custom, by=by(ana))

    return make


@pytest.fixture
def api(ana):
    return Api(token_for("ana"))


def test_values_are_kept_in_their_types(made):
    ticket = made(batch=" PB-1 ", amount=12, bank="Nord", **{"booked-on": "2026-11-21"})
    assert ticket.custom == {"batch": "PB-1", "amount": 12, "bank": "Nord", "booked-on": "2026-11-21"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": "x"}, {"old": "x"}, {"batch": 7}, {"batch": "x" * 501}, {"batch": "a\nb"}, {"amount": "many"},
        {"amount": True}, {"amount": 1e30}, {"bank": "West"}, {"booked-on": "tomorrow"}, {"booked-on": 5},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_name(made, wrong):
    with pytest.raises(Invalid) as refused:
        made(**wrong)
    assert set(refused.value.errors) == {f"custom.{next(iter(wrong))}"}


def test_a_field_of_another_kind_or_application_does_not_apply(desk, fields, by, ana):
    with pytest.raises(Invalid) as refused:
        operations.create(subject="s", kind="question", custom={"bank": "Nord", "amount": 1}, by=by(ana))
    assert set(refused.value.errors) == {"custom.bank", "custom.amount"}


def test_required_is_asked_of_staff_and_holds_up_no_mail(desk, fields, by, ana, casey):
    CustomField.objects.filter(key="batch").update(required=True)
    with pytest.raises(Invalid) as refused:
        operations.create(subject="s", by=by(ana))
    assert set(refused.value.errors) == {"custom.batch"}
    for other in (system(), by(casey), by(ana, Door.MAIL)):
        assert operations.create(subject="s", by=other).custom == {}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("custom.", ["custom.amount:", "custom.bank:", "custom.batch:", "custom.booked-on:"]),
        ("numb", ["custom.batch:"]),  # by its label
        (
            "custom.bank:",
            ["custom.bank:Nord", "custom.bank:Sud", 'custom.bank:"Nord Est"', "custom.bank:none"],
        ),
        ("custom.bank:Nord,su", ["custom.bank:Nord,Sud"]),
        ("custom.bank:Nord,nord e", ['custom.bank:"Nord,Nord Est"']),
        ("custom.amount:", ["custom.amount:none"]),
        ("custom.old:", []),
        ("old", ["hold_reason:"]),
    ],
)
def test_the_filter_line_completes_them(fields, ana, by, typed, offered):
    CustomField.objects.filter(key="bank").update(choices=["Nord", "Sud", "Nord Est", "Ouest, Paris"])
    assert [option.text for option in completion.options(typed, by(ana))] == offered


def test_a_value_with_a_blank_filters_by_what_was_completed(fields, made, client, ana):
    CustomField.objects.filter(key="bank").update(choices=["Nord", "Nord Est"])
    far, near = made(bank="Nord Est"), made(bank="Nord")
    client.force_login(ana)
    page = client.get(
        "/tickets/", {"q": 'custom.bank:"Nord Est"', "view": "all"}, follow=True
    ).content.decode()
    assert far.reference in page and near.reference not in page


def test_an_edit_changes_what_it_names_and_the_trail_says_what(made, by, ana):
    ticket = made(batch="PB-1", bank="Nord")
    edited = operations.edit(ticket.reference, values={"custom": {"bank": "Sud", "batch": None}}, by=by(ana))
    assert edited.custom == {"bank": "Sud"}
    event = Event.objects.filter(name="ticket.updated").get()
    assert event.before == {"custom.bank": "Nord", "custom.batch": "PB-1"}
    assert event.after == {"custom.bank": "Sud", "custom.batch": ""}


def test_a_required_value_is_not_taken_away(made, by, ana):
    CustomField.objects.filter(key="batch").update(required=True)
    ticket = made(batch="PB-1")
    with pytest.raises(Invalid):
        operations.edit(ticket.reference, values={"custom": {"batch": ""}}, by=by(ana))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("custom.batch=PB-1", {"a"}), ("custom.batch=PB-1,PB-2", {"a", "b"}), ("custom.amount=5", {"b"}),
        ("custom.amount=5.0", {"b"}), ("custom.bank=none", {"b", "c"}), ("custom.bank=Nord&custom.batch=PB-2", set()),
        ("custom.booked-on=2026-11-21", {"c"}),
    ],
)  # fmt: skip
def test_filters_in_page_and_api(made, api, client, ana, asked, found):
    names = {
        made(batch="PB-1", bank="Nord").reference: "a",
        made(batch="PB-2", amount=5).reference: "b",
        made(**{"booked-on": "2026-11-21"}).reference: "c",
    }
    rows = api.get(f"/tickets/?{asked}").json()["results"]
    assert {names[row["reference"]] for row in rows} == found
    client.force_login(ana)
    page = client.get(f"/tickets/?{asked}").content.decode()
    assert {name for ref, name in names.items() if f"/tickets/{ref}/" in page} == found


@pytest.mark.parametrize(
    "asked", ["custom.unknown=1", "custom.bank=West", "custom.amount=x", "custom.booked-on=x"]
)
def test_a_filter_that_cannot_be_is_400(made, api, asked):
    assert problem(api.get(f"/tickets/?{asked}"), 400)["errors"].keys() == {asked.split("=")[0]}


def test_through_the_api(desk, fields, api):
    made = api.post(
        "/tickets/", {"subject": "s", "application": "payments", "custom": {"amount": 1.5}}
    ).json()
    assert made["custom"] == {"amount": 1.5}
    path = f"/tickets/{made['reference']}/"
    assert api.patch(path, {"custom": {"batch": "B"}}).json()["custom"] == {"amount": 1.5, "batch": "B"}
    assert "custom.bank" in problem(api.patch(path, {"custom": {"bank": "West"}}), 400)["errors"]


def test_the_admin_makes_and_changes_fields_with_a_trail(client, root):
    root.is_superuser = True
    root.save()
    client.force_login(root)
    values = {
        "key": "bank",
        "label": "Bank",
        "type": "choice",
        "choices": '["Nord", "Sud"]',
        "position": 1,
        "active": "on",
    }
    assert client.post("/admin/tickets/customfield/add/", {**values, "choices": "[]"}).status_code == 200
    assert client.post("/admin/tickets/customfield/add/", values).status_code == 302
    field = CustomField.objects.get()
    client.post(
        f"/admin/tickets/customfield/{field.pk}/change/", {**values, "label": "House bank", "key": "other"}
    )
    field.refresh_from_db()
    assert (field.label, field.key, field.version) == ("House bank", "bank", 2)
    names = Event.objects.filter(subject_kind="custom_field").values_list("name", flat=True)
    assert list(names) == ["custom_field.created", "custom_field.edited"]


def test_the_pages_ask_for_and_show_them(client, ana, made, desk):
    client.force_login(ana)
    ticket = made(batch="PB-1", amount=7)
    new = client.get("/tickets/new/?application=payments").content.decode()
    assert 'name="custom.batch"' in new and 'name="custom.amount"' in new
    page = client.get(f"/tickets/{ticket.reference}/?open=edit").content.decode()
    assert "Batch number" in page and 'value="PB-1"' in page
    facts = {
        "subject": "s",
        "kind": "issue",
        "impact": "medium",
        "urgency": "medium",
        "version": ticket.version,
    }
    about = {
        "application": "payments",
        "custom.batch": "",
        "custom.amount": "8.5",
        "custom.booked-on": "2026-11-21",
    }
    assert client.post(f"/tickets/{ticket.reference}/edit/", {**facts, **about}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.custom == {"amount": 8.5, "booked-on": "2026-11-21"}
