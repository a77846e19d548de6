from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from core.audit import words
        from core.search import index
        from core.timers import sweeps
        from escalation import page_subjects, tiers
        from sla import subjects as clock_subjects
        from tickets import (
            events,
            handing_over,
            handlers,
            my_work,
            paging,
            panels,
            queries,
            service_levels,
            timers,
            who_to_call,
        )
        from tickets.automation import events as automation_events
        from tickets.automation import handlers as automation
        from tickets.automation import on_ticket
        from tickets.models import Ticket
        from worklog import subjects

        assert handlers  # importing it subscribes its handlers
        words.register(events.SENTENCES)
        words.register(automation_events.SENTENCES)
        sweeps.register(automation.TIME_RULES)
        panels.register_panel(on_ticket.panel, last=True)
        my_work.register()
        tiers.register_use(queries.use_of)
        who_to_call.register()
        handing_over.register()
        index.register(Ticket.SUBJECT, Ticket.objects.visible_to)
        clock_subjects.register(Ticket.SUBJECT, service_levels.SUBJECT_INFO)
        page_subjects.register(Ticket.SUBJECT, paging.SUBJECT_INFO)
        subjects.register(
            subjects.Kind(
                Ticket.SUBJECT,
                Ticket.PREFIX,
                Ticket.objects.visible_to,
                title="subject",
                url_name="tickets:detail",
            )
        )
        for sweep in timers.SWEEPS:
            sweeps.register(sweep)
