from django.apps import AppConfig


class ProblemsConfig(AppConfig):
    name = "problems"

    def ready(self) -> None:
        from core.audit import words
        from core.search import index
        from problems import events, for_incidents, handlers, my_work, panels, reminders
        from problems.models import Problem
        from worklog import subjects

        assert handlers  # importing it subscribes its handlers
        words.register(events.SENTENCES)
        reminders.register()
        my_work.register()
        panels.register()
        for_incidents.register()
        index.register(Problem.SUBJECT, Problem.objects.visible_to)
        subjects.register(
            subjects.Kind(
                name=Problem.SUBJECT,
                prefix=Problem.PREFIX,
                visible_to=Problem.objects.visible_to,
                title="title",
                url_name="problems:detail",
            )
        )
