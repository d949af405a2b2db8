"""Where the pages are."""
from django.urls import path

from . import views

urlpatterns = [
    path("", views.menu),
    path("revision", views.revision),
]
