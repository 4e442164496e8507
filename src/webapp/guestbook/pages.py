"""The guestbook's HTML pages."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_http_methods, require_safe

from django_runtimes.files import uploaded_files
from webapp.guestbook.entries import create_entry
from webapp.guestbook.forms import EntryForm, PictureEntryForm
from webapp.guestbook.models import Entry
from webapp.guestbook.post_limit import limit_posts

_ENTRIES_PER_PAGE = 10


@require_http_methods(["GET", "HEAD", "POST"])
@limit_posts
def entry_list(request: HttpRequest) -> HttpResponse:
    """Show the newest entries and a form, or add an entry."""
    form_class = PictureEntryForm if settings.GUESTBOOK_PICTURES else EntryForm
    if request.method != "POST":
        return _render_list(request, form_class(initial={"author": request.session.get("author", "")}))
    form = form_class(request.POST, uploaded_files(request))
    if not form.is_valid():
        return _render_list(request, form, status=400)
    create_entry(**form.cleaned_data)
    request.session["author"] = form.cleaned_data["author"]
    messages.success(request, "Thank you! Your entry is in the book.")
    return redirect("guestbook:entry_list")


@require_safe
def entry_detail(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Show one entry on a page of its own."""
    entry = get_object_or_404(Entry.objects.visible(), pk=entry_id)
    return render(request, "guestbook/entry_detail.html", {"entry": entry})


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect to the icon; browsers request this path for pages that name no icon, such as the admin and JSON."""
    return redirect(static("guestbook/favicon.svg"))


def _render_list(request: HttpRequest, form: EntryForm, *, status: int = 200) -> HttpResponse:
    page = Paginator(Entry.objects.visible(), _ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "guestbook/entry_list.html", {"form": form, "page": page}, status=status)
