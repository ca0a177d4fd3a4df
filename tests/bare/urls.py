from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from tests.bare.people import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", LoginView.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("delete-account/", views.delete_account, name="delete_account"),
    path("admin/", admin.site.urls),
    path("chat/", include("rooms.urls")),
]
