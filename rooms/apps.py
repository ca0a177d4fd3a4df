from importlib import import_module

from django.utils.translation import gettext_lazy as _

from rooms import capability


class RoomsConfig(capability.Capability):
    """The kernel, as a capability."""

    name = "rooms"
    verbose_name = _("Chat")
    verbs = (
        "log.sending.Sending",
        "log.editing.Editing",
        "log.deleting.Deleting",
        "log.reacting.Reacting",
        "log.marking.Marking",
    )
    parts = ("reading.reactions.Reactions", "reading.mentions.Mentions")
    queries = (
        "reading.queries.SyncQuery",
        "reading.queries.HistoryQuery",
        "reading.queries.MembersQuery",
    )

    followers = ("following.activity.ActivityFollower",)
    exercise = "log.exercise.command"

    def ready(self) -> None:
        capability.install()
        # Connects its signal receivers. Models can only be imported here.
        import_module("rooms.live.revocation")
        import_module("rooms.members")
        import_module("rooms.checks")
