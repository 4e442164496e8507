import json

from django.contrib.auth import authenticate, login
from django.http import JsonResponse
from django.views.decorators.csrf import ensure_csrf_cookie


@ensure_csrf_cookie
def session(request):
    if request.method == "POST":
        given = json.loads(request.body)
        account = authenticate(request, email=given.get("email"), password=given.get("password"))
        if account is None:
            return JsonResponse({"error": "the address or the password is wrong"}, status=403)
        login(request, account)
    return JsonResponse({"email": request.user.email if request.user.is_authenticated else None})
