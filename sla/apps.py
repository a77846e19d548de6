from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "Service levels"

    def ready(self) -> None:
        from core.outbox import relevance
        from core.timers import sweeps
        from sla import alarms, notices

        sweeps.register(alarms.SWEEP)
        relevance.register(notices.TOPIC, notices.why_not)
