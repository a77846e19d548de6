"""The desk's enumerations: the values that the database, the API and the screens share."""

from django.db import models


class Role(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    ANALYST = "analyst", "Analyst"
    ENGINEER = "engineer", "Engineer"
    INCIDENT_COMMANDER = "incident_commander", "Incident commander"
    CHANGE_MANAGER = "change_manager", "Change manager"
    PROBLEM_MANAGER = "problem_manager", "Problem manager"
    ACCOUNT_MANAGER = "account_manager", "Account manager"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"
    INTEGRATION = "integration", "Integration"


class Priority(models.TextChoices):
    """How soon, seen from the customer."""

    P0 = "P0", "P0 cannot work at all"
    P1 = "P1", "P1 significant outage"
    P2 = "P2", "P2 minor outage, workaround exists"
    P3 = "P3", "P3 nuisance or wish"


class Level(models.TextChoices):
    """Impact and urgency."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Severity(models.TextChoices):
    """Technical gravity, assessed at triage; independent of priority."""

    SEV1 = "SEV1", "Sev 1"
    SEV2 = "SEV2", "Sev 2"
    SEV3 = "SEV3", "Sev 3"
    SEV4 = "SEV4", "Sev 4"


class TicketKind(models.TextChoices):
    ISSUE = "issue", "Issue"
    SERVICE_REQUEST = "service_request", "Service request"
    QUESTION = "question", "Question"
    FEATURE_REQUEST = "feature_request", "Feature request"
    ALERT = "alert", "Alert"


class Channel(models.TextChoices):
    WEB = "web", "Web"
    PORTAL = "portal", "Portal"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    CHAT = "chat", "Chat"
    API = "api", "API"
    ALERT = "alert", "Alert"
    REVIEW = "review", "Review"
    SOCIAL = "social", "Social"


class Area(models.TextChoices):
    CODE = "code", "Code"
    CONFIGURATION = "configuration", "Configuration"
    NETWORK = "network", "Network"
    HARDWARE = "hardware", "Hardware"
    DATA = "data", "Data"
    BACKEND = "backend", "Backend"
    THIRD_PARTY = "third_party", "Third party"
    SECURITY = "security", "Security"
    USER_ERROR = "user_error", "User error"
    ONBOARDING = "onboarding", "Onboarding"


class Exposure(models.TextChoices):
    CUSTOMER_FACING = "customer_facing", "Customer facing"
    INTERNAL = "internal", "Internal"


class CustomerTier(models.TextChoices):
    STRATEGIC = "strategic", "Strategic"
    KEY = "key", "Key"
    STANDARD = "standard", "Standard"


class Activity(models.TextChoices):
    """What a time entry was spent on."""

    TRIAGE = "triage", "Triage"
    INVESTIGATION = "investigation", "Investigation"
    FIX = "fix", "Fix"
    COMMUNICATION = "communication", "Communication"
    TESTING = "testing", "Testing"
    OTHER = "other", "Other"
