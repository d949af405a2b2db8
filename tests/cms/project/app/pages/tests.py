"""What pages promise; the arrays need a real PostgreSQL."""

from django.conf import settings
from django.db import connection
from django.test import TestCase

from .models import Page


class Pages(TestCase):
    def test_a_page_is_found_by_a_keyword(self):
        Page.objects.create(path="/", title="Ponies & Co", keywords=["pony", "stable"])
        self.assertEqual(Page.objects.get(keywords__contains=["pony"]).title, "Ponies & Co")

    def test_the_database_is_the_real_one(self):
        self.assertEqual(connection.vendor, "postgresql")
        self.assertEqual(connection.settings_dict["NAME"], "test_circle_test")

    def test_the_machine_is_where_the_customer_is(self):
        self.assertEqual(settings.TIME_ZONE, "America/New_York")
