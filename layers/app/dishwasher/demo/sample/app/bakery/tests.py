"""The promises of the site."""
from decimal import Decimal

from django.test import SimpleTestCase

from .prices import gross


class Prices(SimpleTestCase):
    def test_prices_include_tax(self):
        self.assertEqual(gross(Decimal("4.10")), Decimal("4.39"))


class Menu(SimpleTestCase):
    def test_shows_every_bread_with_its_price(self):
        page = self.client.get("/").content.decode()
        self.assertIn("Rye sourdough", page)
        self.assertIn("4.39", page)

    def test_names_the_customer(self):
        self.assertIn("Müller &amp; Söhne", self.client.get("/").content.decode())
