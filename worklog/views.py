from django.http import FileResponse, HttpRequest
from django.views.decorators.http import require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.files import operations as files
from worklog import queries


@require_safe
@page(Permission.VIEW_TICKETS)
def download(request: HttpRequest, pk: int) -> FileResponse:
    """A file, to whoever may see the work that it lies on."""
    return files.answer(queries.attachment(pk, request.actor).file)  # type: ignore[attr-defined]
