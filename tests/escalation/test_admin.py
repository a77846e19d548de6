import pytest

from core.accounts.models import User
from core.audit.models import Event
from escalation.models import Duty, Rotation, Team


@pytest.fixture
def admin_page(client, house, root):
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    root.refresh_from_db()
    client.force_login(root)
    return client


def fields(response):
    """What the admin's form would send back unchanged."""
    form = response.context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    plain = {name: "" if value is None else value for name, value in values.items()}
    lists = {
        name: [getattr(row, "pk", row) for row in value]
        for name, value in plain.items()
        if isinstance(value, list)
    }
    return plain | lists


def test_saving_a_team_goes_through_the_operation(admin_page, house):
    path = f"/admin/escalation/team/{house.payments.pk}/change/"
    typed = fields(admin_page.get(path)) | {"components": [house.gateway.pk], "phone": "+44 20 5550 0199"}
    response = admin_page.post(path, typed)
    assert response.status_code == 302, response.context["adminform"].errors
    team = Team.objects.get(pk=house.payments.pk)
    assert (team.phone, team.version, team.members.count()) == ("+44 20 5550 0199", 2, 3)
    assert Event.objects.get(name="team.changed").after == {"phone": "+44 20 5550 0199"}


def test_saving_a_rotation_keeps_the_past(admin_page, house, noon):
    noon.shift(3600)
    path = f"/admin/escalation/rotation/{house.rotation.pk}/change/"
    typed = fields(admin_page.get(path)) | {"people": "lea, eli", "restrictions": "[]", "name": "First"}
    response = admin_page.post(path, typed)
    assert response.status_code == 302, response.context["adminform"].errors
    assert Rotation.objects.get(pk=house.rotation.pk).name == "First"
    assert Duty.objects.get().user == house.eli


def test_a_new_rotation_with_a_stranger_is_refused(admin_page, house):
    typed = {"team": house.network.pk, "name": "Days", "people": "eli, nobody", "zone": "UTC", "step": 1,
             "position": 0, "period": "daily", "every": 1, "handoff_weekday": 0, "handoff_time": "08:00",
             "start": "2027-06-16", "restrictions": "[]", "active": "on"}  # fmt: skip
    response = admin_page.post("/admin/escalation/rotation/add/", typed)
    assert "Nobody is called nobody." in response.content.decode()
    assert admin_page.post("/admin/escalation/rotation/add/", typed | {"people": "eli"}).status_code == 302
    assert Rotation.objects.get(name="Days").turns.count() == 1
