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
    scripts = ("rooms_polls/poll.js",)
    styles = ("rooms_polls/poll.css",)
