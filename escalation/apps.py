from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "escalation"

    def ready(self) -> None:
        from core.audit import words
        from core.timers import sweeps
        from escalation import events, paging_events, paging_sweep, swap_notices, timers
        from escalation.operations import chasing

        words.register(events.SENTENCES)
        words.register(paging_events.SENTENCES)
        chasing.register()
        swap_notices.register()
        for sweep in timers.SWEEPS:
            sweeps.register(sweep)
        paging_sweep.register()
