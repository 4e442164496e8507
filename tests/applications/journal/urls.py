"""The journal answers no requests."""

urlpatterns: list[object] = []
