from django.utils.translation import gettext_lazy as _

from rooms import capability


class PollsConfig(capability.Capability):
    name = "rooms.polls"
    label = "rooms_polls"
    verbose_name = _("Polls")
    along = ("log.Asking",)
    verbs = ("log.Voting", "log.Closing")
    parts = ("state.PollPart",)
    queries = ("state.VotesQuery",)
    followers = ("closing.CloseOnTime",)
    checks = ("upkeep.problems",)
    demo = "upkeep.demo"
    exercise = "exercise.command"
    slash = (capability.Slash("poll", _("question"), _("Ask everybody in the room")),)
    scripts = ("polls/poll.js",)
    styles = ("polls/poll.css",)
