"""Addresses of the site: sign-in, the admin, the chat."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    # For pages that name no icon, as the admin's.
    path("favicon.ico", RedirectView.as_view(url=settings.STATIC_URL + "rooms/img/icon.svg")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("rooms.urls")),
]
