"""What holds for every list and every object: paging, filters, ETag, the OpenAPI description."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from catalogue.models import Application, Component, Region
from core.audit.models import Event
from core.common import paging
from customers.models import Organisation
from tests.api.conftest import problem


def names(page):
    return [row["slug"] for row in page["results"]]


def everything(client, url, forward="next"):
    found = []
    while url:
        page = client.get(url).json()
        found.append(names(page))
        url = page[forward]
    return found


def regions(count):
    Region.objects.bulk_create([Region(slug=f"r{n:04}", name=f"Region {n % 7}") for n in range(count)])


@pytest.mark.parametrize("ordering", ["name", "-name", "slug", "-slug,name"])
def test_pages_hold_every_row_once_and_lead_back(api, ordering):
    regions(25)
    ana = api("ana")
    pages = everything(ana, f"/regions/?limit=4&ordering={ordering}")
    whole = names(ana.get(f"/regions/?limit=200&ordering={ordering}").json())
    assert [slug for page in pages for slug in page] == whole
    assert len(set(whole)) == 25
    last = ana.get(f"/regions/?limit=4&ordering={ordering}").json()
    while last["next"]:
        last = ana.get(last["next"]).json()
    back = everything(ana, last["previous"], "previous")
    assert back[::-1] == pages[:-1]


@pytest.mark.parametrize("ordering", ["renewal_date", "-renewal_date"])
def test_empty_values_come_last_on_either_side(api, ordering):
    for number in range(6):
        day = f"2026-01-0{number + 1}" if number % 2 else None
        Organisation.objects.create(slug=f"o{number}", name="O", renewal_date=day)
    ana = api("ana")
    pages = everything(ana, f"/organisations/?limit=2&ordering={ordering}")
    dated = ["o1", "o3", "o5"] if ordering == "renewal_date" else ["o5", "o3", "o1"]
    flat = [slug for page in pages for slug in page]
    assert flat[:3] == dated
    assert sorted(flat[3:]) == ["o0", "o2", "o4"]
    first = ana.get(f"/organisations/?limit=2&ordering={ordering}").json()
    third = ana.get(ana.get(first["next"]).json()["next"]).json()
    assert names(ana.get(third["previous"]).json()) == pages[1]


def test_rows_that_come_in_between_move_nothing(api):
    regions(10)
    ana = api("ana")
    first = ana.get("/regions/?limit=5&ordering=slug").json()
    Region.objects.create(slug="a-new-one", name="New")
    second = ana.get(first["next"]).json()
    assert names(first) + names(second) == [f"r{n:04}" for n in range(10)]


def test_the_count_stops_at_1000(api):
    regions(1000)
    ana = api("ana")
    assert ana.get("/regions/?limit=1").json()["count"] == 1000
    regions_more = Region.objects.create(slug="one-more", name="One more")
    assert ana.get("/regions/?limit=1").json()["count"] is None
    regions_more.delete()


def test_a_deep_page_costs_what_the_first_costs(api, django_assert_max_num_queries):
    regions(300)
    ana = api("ana")
    link = ana.get("/regions/?limit=100&ordering=slug").json()["next"]
    link = ana.get(link).json()["next"]
    with django_assert_max_num_queries(5):
        assert len(ana.get(link).json()["results"]) == 100


def test_a_cursor_of_another_list_or_order_is_400(api, shop):
    regions(3)
    ana = api("ana")
    cursor = ana.get("/regions/?limit=1&ordering=slug").json()["next"].split("cursor=")[1].split("&")[0]
    problem(ana.get(f"/regions/?ordering=name&cursor={cursor}"), 400)
    problem(ana.get(f"/busy-windows/?cursor={cursor}"), 400)


def test_a_comma_means_any_of_them(api, shop):
    Component.objects.create(application=shop, slug="db", name="DB", layer="machine")
    Component.objects.create(application=shop, slug="mq", name="MQ", layer="middleware")
    ana = api("ana")
    assert sorted(names(ana.get("/components/?layer=machine,middleware").json())) == ["db", "mq"]
    assert names(ana.get("/components/?layer=machine&application=shop").json()) == ["db"]
    assert "layer" in problem(ana.get("/components/?layer=machine,cellar"), 400)["errors"]
    assert "application" in problem(ana.get("/components/?application=nothing"), 400)["errors"]
    assert "100%" in problem(ana.get("/components/?application=100%25"), 400)["detail"]


def test_after_is_inclusive_and_before_is_exclusive(api, time_machine):
    time_machine.move_to("2026-11-21T09:00:00Z", tick=False)
    max_ = api("max")
    assert Event.objects.count() == 1  # the token
    counts = [
        max_.get(f"/audit/?created_{side}=2026-11-21T09:00:00Z").json()["count"]
        for side in ("after", "before")
    ]
    assert counts == [1, 0]
    assert max_.get("/audit/?created_after=2026-11-21T10:00:00+01:00").json()["count"] == 1
    assert max_.get("/audit/?created_before=2026-11-22").json()["count"] == 1


def test_a_created_object_has_an_address_and_a_version(api):
    root = api("root")
    answer = root.post("/regions/", {"slug": "apac", "name": "APAC"})
    assert answer.status_code == 201
    assert answer["Location"] == "http://testserver/api/v1/regions/apac/"
    assert answer["ETag"] == '"1"'
    assert answer["Cache-Control"] == "no-store"
    assert root.get(answer["Location"]).json() == answer.json()


def test_a_stale_edit_is_412_with_what_differs(api, shop):
    root = api("root")
    seen = root.get("/applications/shop/")["ETag"]
    assert root.patch("/applications/shop/", {"name": "The shop"}, **{"If-Match": seen})["ETag"] == '"2"'
    mine = {"name": "My shop", "description": ""}
    document = problem(root.patch("/applications/shop/", mine, **{"If-Match": seen}), 412)
    assert document["fields"] == {"name": "The shop"}
    assert Application.objects.get().name == "The shop"
    assert root.patch("/applications/shop/", mine).json()["name"] == "My shop"
    problem(root.patch("/applications/shop/", mine, **{"If-Match": '"foreign"'}), 412)
    problem(root.patch("/applications/shop/", mine, **{"If-Match": "3"}), 400)
    assert root.patch("/applications/shop/", mine, **{"If-Match": "*"}).status_code == 200


def test_an_edit_leaves_one_event_with_before_and_after(api, shop):
    api("root").patch("/applications/shop/", {"name": "The shop", "public": False})
    event = Event.objects.get(name="application.edited")
    assert (event.before, event.after, event.door) == ({"name": "Shop"}, {"name": "The shop"}, "api")


def test_many_to_many_values_are_written_and_named(api, shop):
    kim = api("kim")
    answer = kim.patch("/organisations/north/", {"applications": ["shop"], "account_manager": "kim"})
    assert (answer.json()["applications"], answer.json()["account_manager"]) == (["shop"], "kim")
    assert answer["ETag"] == '"2"'
    assert Event.objects.get(name="organisation.edited").after["applications"] == ["shop"]


def test_read_only_and_unknown_fields_are_named(api, shop):
    errors = problem(api("root").patch("/applications/shop/", {"slug": "x", "nonsense": 1}), 400)["errors"]
    assert errors == {"slug": ["This field is read-only."], "nonsense": ["There is no such field."]}


def test_who_may_what(api, shop):
    assert "Admin can" in problem(api("ana").post("/regions/", {"slug": "x", "name": "X"}), 403)["detail"]
    problem(api("casey").get("/regions/"), 404)
    problem(api("casey").get("/organisations/north/"), 404)
    problem(api("ana").get("/audit/"), 403)
    problem(api("casey").get("/audit/"), 404)


def test_the_description_builds_without_a_warning(db):
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_description_and_the_page_to_try_it(client):
    assert client.get("/api/v1/schema/?format=json").json()["openapi"].startswith("3.1")
    page = client.get("/api/v1/docs/")
    assert "'unsafe-inline'" in page["Content-Security-Policy"]
    assert "script-src 'self';" in page["Content-Security-Policy"] + ";"
    assert "'unsafe-inline'" not in client.get("/api/v1/schema/")["Content-Security-Policy"]


def test_paging_refuses_an_order_that_no_column_has(db):
    with pytest.raises(ValueError, match="cannot be ordered"):
        paging.page(Region.objects.all(), ordering=["nonsense"])
