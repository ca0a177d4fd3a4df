"""Addresses of the site: sign-in, the admin, the chat."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from chatsite.catalog import javascript_catalog

# The admin signs in through allauth, so that the same limits protect it.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    # For pages that name no icon, as the admin's.
    path("favicon.ico", RedirectView.as_view(url=settings.STATIC_URL + "rooms/img/icon.svg")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/<str:language>/<str:version>.js", javascript_catalog, name="javascript-catalog"),
    path("", include("rooms.urls")),
]
