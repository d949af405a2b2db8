"""The first table."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Page",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("path", models.CharField(max_length=200, unique=True)),
                ("title", models.CharField(max_length=200)),
                (
                    "keywords",
                    django.contrib.postgres.fields.ArrayField(
                        models.CharField(max_length=40), default=list, size=None
                    ),
                ),
            ],
        ),
    ]
