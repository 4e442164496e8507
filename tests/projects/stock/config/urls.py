from accounts import views as accounts
from django.urls import path
from items import views as items

urlpatterns = [
    path("", items.index, name="index"),
    path("items/", items.items, name="items"),
    path("items/<int:pk>/", items.item, name="item"),
    path("session/", accounts.session, name="session"),
]

handler500 = "items.views.server_error"
