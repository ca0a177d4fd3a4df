"""allauth's hooks for signing up and for ending sessions."""

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render

from rooms.accounts.models import Invitation
from rooms.conf import conf
from rooms.live.revocation import end_sockets
from rooms.models import Person, Place, Signup

# Session key of the invitation's token.
INVITATION = "invitation"


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Follows the place's setting. With invitations, the session must hold a usable one."""
        match Place.get().signup:
            case Signup.OPEN:
                return True
            case Signup.INVITATION:
                token = request.session.get(INVITATION, "")
                return Invitation.objects.usable().filter(token=token).exists()
        return False

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Uses up one use of the invitation as the account is created."""
        if Place.get().signup == Signup.INVITATION:
            if not Invitation.use(request.session.get(INVITATION, "")):
                raise ImmediateHttpResponse(render(request, "account/signup_closed.html"))
            del request.session[INVITATION]
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        if conf.SENDS_MAIL:
            super().send_mail(template_prefix, email, context)


class SessionsAdapter(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """Closes their sockets too, after the sessions, so that none reconnects."""
        super().end_sessions(sessions)
        for session in sessions:
            for person in Person.objects.filter(user=session.user_id):
                end_sockets(person.pk, session.session_key)
