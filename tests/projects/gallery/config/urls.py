from django.contrib import admin
from django.urls import include, path
from gallery import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", views.PictureList.as_view(), name="pictures"),
    path("about/", views.about, name="about"),
    path("pictures/<slug:slug>/", views.PictureDetail.as_view(), name="picture"),
]
