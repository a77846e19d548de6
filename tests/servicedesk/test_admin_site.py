import pytest

from core.accounts.models import RoleGrant
from core.common.vocabulary import Role

pytestmark = pytest.mark.django_db


def test_the_admin_opens_for_the_role_and_closes_when_it_is_taken_away(client, root):
    client.force_login(root)
    assert client.get("/admin/catalogue/application/").status_code == 200

    RoleGrant.objects.filter(user=root, role=Role.ADMIN).delete()

    assert client.get("/admin/catalogue/application/").status_code == 302


@pytest.mark.parametrize("name", ["ana", "max", "casey"])
def test_nobody_else_gets_in(client, request, name):
    user = request.getfixturevalue(f"{name}")
    user.is_staff = True
    user.save()
    client.force_login(user)
    assert client.get("/admin/").status_code == 302
