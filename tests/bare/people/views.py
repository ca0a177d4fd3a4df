from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@require_POST
@login_required
def delete_account(request: HttpRequest) -> HttpResponse:
    user = request.user
    logout(request)
    user.delete()
    return redirect("home")
