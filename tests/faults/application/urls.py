"""The URLs of the project and of the fault cases."""

from django.urls import include, path

from tests.faults.application import views

urlpatterns = [
    path("faults/sleep/<int:seconds>/", views.sleep),
    path("faults/queries/<int:count>/", views.queries),
    path("faults/iterate/", views.iterate),
    path("faults/identity/", views.identity),
    path("faults/stop/", views.stop_inside_a_transaction),
    path("faults/hold/<int:seconds>/", views.hold_a_transaction),
    path("", include("webapp.urls")),
]
