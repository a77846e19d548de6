from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_full_tickets")]

    operations = [
        migrations.AddField("question", "version", models.PositiveIntegerField(default=1, editable=False)),
    ]
