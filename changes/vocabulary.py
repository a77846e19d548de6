"""The words of a change that the database, the API and the screens share."""

from django.db import models


class Type(models.TextChoices):
    NORMAL = "normal", "Normal"
    EMERGENCY = "emergency", "Emergency"
    BAU = "bau", "BAU"


class FixKind(models.TextChoices):
    HOTFIX = "hotfix", "Hotfix"
    PATCH = "patch", "Patch"
    BUG_FIX = "bug_fix", "Bug fix"
    MAINTENANCE = "maintenance", "Maintenance"


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Waiting for approval"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    SCHEDULED = "scheduled", "Scheduled"
    IMPLEMENTING = "implementing", "Being carried out"
    VALIDATING = "validating", "Being checked"
    CLOSED = "closed", "Closed"


class Outcome(models.TextChoices):
    """How a closed change ended. A withdrawn one was never carried out and counts in no rate."""

    SUCCESSFUL = "successful", "Successful"
    FAILED = "failed", "Failed"
    BACKED_OUT = "backed_out", "Backed out"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Result(models.TextChoices):
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"


class ApprovalRole(models.TextChoices):
    """In which part an approval is held."""

    PRODUCTION_SUPPORT = "production_support", "Production support"
    SUPERVISOR = "supervisor", "Supervisor"
    CHANGE_BOARD = "change_board", "Change advisory board"


class Decision(models.TextChoices):
    PENDING = "pending", "Waiting"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    VOIDED = "voided", "No longer valid"
