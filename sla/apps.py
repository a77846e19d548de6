from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "Service levels"

    def ready(self) -> None:
        from core.audit import words
        from core.outbox import relevance
        from core.timers import sweeps
        from sla import alarms, events, notices
        from sla.operations import following

        words.register(events.SENTENCES)
        sweeps.register(alarms.SWEEP)
        sweeps.register(following.SWEEP)
        relevance.register(notices.TOPIC, notices.why_not)
