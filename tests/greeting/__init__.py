"""An app that uses every extension point of the client; `settings` is the site's with it."""

from rooms.capability import Capability


class Greeting(Capability):
    name = "tests.greeting"
    label = "greeting"
    scripts = ("greeting/greeting.js",)
    styles = ("greeting/greeting.css",)
