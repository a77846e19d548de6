from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "incidents"

    def ready(self) -> None:
        from core.audit import words
        from core.search import index
        from incidents import cadence, events, handlers, my_work, on_tickets
        from incidents.models import Incident
        from worklog import subjects

        assert handlers  # importing it subscribes its handlers
        words.register(events.SENTENCES)
        cadence.register()
        my_work.register()
        on_tickets.register()
        index.register(Incident.SUBJECT, Incident.objects.visible_to)
        subjects.register(
            subjects.Kind(
                name=Incident.SUBJECT,
                prefix=Incident.PREFIX,
                visible_to=Incident.objects.visible_to,
                title="title",
                url_name="incidents:detail",
            )
        )
