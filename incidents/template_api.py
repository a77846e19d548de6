"""The wording of updates through the API."""

from __future__ import annotations

from typing import Any

from core.accounts.api import DeskViewSet, reading, verb
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.errors import NotFound
from incidents import operations, queries, shapes, templating
from incidents.models import UpdateTemplate
from incidents.shapes import Data


class UpdateTemplateViewSet(DeskViewSet):
    """The desk's own text of a kind of update for an audience; what is not listed is built in. Deleting goes back."""

    model = UpdateTemplate
    view_permission = Permission.MANAGE_UPDATES
    serializer_class = shapes.TemplateOut
    create_form, patch_form = shapes.TemplateCreate, shapes.TemplateEdit
    ordering_fields = {"kind": "kind"}
    ordering = "kind"
    named_by = "key"
    delete_route = True

    def find(self, ref: str, by: Actor) -> UpdateTemplate:
        kind, _, audience = ref.rpartition("-")
        found = queries.template(kind, audience, by=by)
        if found is None:
            raise NotFound(f"There is no template “{ref[:40]}”; the built-in text is used.")
        return found

    def do_create(self, data: Data, by: Actor) -> UpdateTemplate:
        return operations.save_template(**{"subject": "", **data}, version=0, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> UpdateTemplate:
        found = self.find(ref, by)
        texts = {"subject": found.subject, "body": found.body, **data}
        return operations.save_template(
            found.kind, found.audience, **texts, version=found.version if version is None else version, by=by
        )

    def do_delete(self, ref: str, version: int | None, by: Actor) -> None:
        found = self.find(ref, by)
        operations.built_in_again(found.kind, found.audience, version=version, by=by)

    @reading(shapes.ApprovalOut, many=True, detail=False)
    def approval(self, by: Actor) -> Any:
        """At which severities an update waits, for whose readers' sake."""
        return list(queries.approval_rules(by))

    @verb(shapes.SetApproval, entry=shapes.ApprovalOut, detail=False, status=200)
    def set_approval(self, data: Data, by: Actor) -> Any:
        """Let updates that an audience gets wait at these severities, or with none never."""
        return operations.set_approval(**data, by=by)

    @reading(shapes.TemplateVariableOut, many=True, detail=False)
    def variables(self, by: Actor) -> Any:
        """The variables that a template may hold, and what each stands for."""
        return [{"name": name, "means": means} for name, means in templating.VARIABLES.items()]
