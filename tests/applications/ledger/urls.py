"""The ledger answers no requests."""

urlpatterns: list[object] = []
