"""The pages of the site."""
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from .prices import gross

BREADS = [
    ("Rye sourdough", Decimal("4.10")),
    ("Spelt loaf", Decimal("4.60")),
    ("Pretzel", Decimal("0.90")),
]


def menu(request):
    """Today's breads with their prices."""
    breads = [(name, gross(net)) for name, net in BREADS]
    return render(request, "bakery/menu.html", {"breads": breads})


def revision(request):
    """The commit that this site runs."""
    path = Path(settings.BASE_DIR) / "REVISION"
    return HttpResponse(path.read_text() if path.exists() else "", content_type="text/plain")
