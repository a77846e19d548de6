from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from core.audit import words
        from core.search import index
        from escalation import page_subjects
        from incidents import (
            cadence,
            events,
            handing_over,
            handlers,
            my_work,
            on_tickets,
            paging,
            who_to_call,
        )
        from incidents.models import Incident
        from worklog import subjects

        assert handlers  # importing it subscribes its handlers
        words.register(events.SENTENCES)
        cadence.register()
        my_work.register()
        on_tickets.register()
        who_to_call.register()
        handing_over.register()
        index.register(Incident.SUBJECT, Incident.objects.visible_to)
        page_subjects.register(Incident.SUBJECT, paging.SUBJECT_INFO)
        subjects.register(
            subjects.Kind(
                name=Incident.SUBJECT,
                prefix=Incident.PREFIX,
                visible_to=Incident.objects.visible_to,
                title="title",
                url_name="incidents:detail",
            )
        )
