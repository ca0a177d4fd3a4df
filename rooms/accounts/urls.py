"""URLs of accounts. allauth's own are under /accounts/."""

from django.urls import path

from rooms.accounts import devices, invitations, settings, setup

urlpatterns = [
    path("join/<str:token>/", invitations.join_place, name="invitation"),
    path("setup/<str:token>/", setup.setup, name="setup"),
    path("settings/account/delete", settings.delete_account, name="delete_account"),
    path("settings/devices/seen", devices.seen, name="device_seen"),
    path("settings/devices/<int:session_id>/end", devices.end, name="end_device"),
    path("settings/invitations", settings.invite, name="invite"),
    path(
        "settings/invitations/<int:invitation_id>/revoke", settings.revoke, name="revoke_invitation"
    ),
    path("settings/people/<int:person_id>/reset-link", settings.reset_link, name="reset_link"),
    path(
        "settings/people/<int:person_id>/deactivate",
        settings.set_active,
        {"active": False},
        name="deactivate",
    ),
    path(
        "settings/people/<int:person_id>/reactivate",
        settings.set_active,
        {"active": True},
        name="reactivate",
    ),
]
