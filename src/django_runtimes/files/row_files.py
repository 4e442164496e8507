"""Deletes the files of rows that were deleted, and files that were replaced, after the transaction has committed."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import FileField, Model
from django.db.models.signals import ModelSignal, class_prepared, post_delete, post_init, post_save, pre_delete

_log = logging.getLogger(__name__)
# The names of the files in the row, on each instance.
_KEPT = "_django_runtimes_files"
# Subclasses inherit this attribute of a decorated model.
_DECORATED = "_django_runtimes_deletes_files"

AnyModel = TypeVar("AnyModel", bound=type[Model])


def deletes_files(model: AnyModel) -> AnyModel:
    """Decorate a model whose files belong to one row each: they are deleted with the row, or once they are replaced.

    This includes its subclasses: models of an abstract model, proxy models, and models with a further table. Deletions
    by querysets, cascades and the admin are included, `QuerySet.update()` and `bulk_update()` are not. A file that
    cannot be deleted is logged and remains.

    Raise ImproperlyConfigured if a parent that is no abstract model has files and is not decorated.
    """
    setattr(model, _DECORATED, True)
    for each in _with_subclasses(model):
        if not each._meta.abstract:
            _connect(each)
    return model


def _connect_subclass(sender: type[Model], **kwargs: Any) -> None:
    if getattr(sender, _DECORATED, False):
        _connect(sender)


class_prepared.connect(_connect_subclass)


def _with_subclasses(model: type[Model]) -> Iterator[type[Model]]:
    yield model
    for each in model.__subclasses__():
        yield from _with_subclasses(each)


def _connect(model: type[Model]) -> None:
    for parent in model._meta.get_parent_list():
        # Signals of a child do not say whether the parent's row is deleted too, nor are they sent if only that one is.
        if not getattr(parent, _DECORATED, False) and any(_file_fields(parent._meta.concrete_fields)):
            raise ImproperlyConfigured(
                f"@deletes_files decorates {model.__name__}, but not {parent.__name__}, from which it inherits files; "
                f"decorate {parent.__name__} too"
            )
    receivers: dict[ModelSignal, Callable[..., None]] = {
        post_init: _remember,
        post_save: _delete_replaced,
        pre_delete: _load,
        post_delete: _delete_all,
    }
    for signal, receiver in receivers.items():
        signal.connect(receiver, sender=model, dispatch_uid=f"{__name__}.{model.__module__}.{model.__qualname__}")


def _remember(instance: Model, **kwargs: Any) -> None:
    loaded = vars(instance)
    loaded[_KEPT] = {each.attname: _name(loaded[each.attname]) for each in _fields(instance) if each.attname in loaded}


def _delete_replaced(instance: Model, using: str, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    kept: dict[str, str] = vars(instance).setdefault(_KEPT, {})
    for each in _fields(instance):
        if each.attname not in vars(instance) or (update_fields is not None and each.name not in update_fields):
            continue
        before, now = kept.get(each.attname, ""), _name(vars(instance)[each.attname])
        kept[each.attname] = now
        if before and before != now:
            _delete_after_commit(each.storage, before, using)


def _load(instance: Model, **kwargs: Any) -> None:
    """Read deferred fields while the row exists, and tell the rows of parents, whose instances are made of this one."""
    kept: dict[str, str] = vars(instance).setdefault(_KEPT, {})
    for each in _fields(instance):
        kept.setdefault(each.attname, _name(getattr(instance, each.attname)))
    # The stubs do not know that the model of an instance is concrete, and its links are relations.
    links: Iterable[Any] = cast(type[Model], instance._meta.concrete_model)._meta.parents.values()
    for link in links:
        parent = link.get_cached_value(instance, default=None) if link else None
        if parent is not None:
            vars(parent)[_KEPT] = dict(kept)


def _delete_all(instance: Model, using: str, **kwargs: Any) -> None:
    """Delete the files of this table; the row of a parent has a signal of its own, if it is deleted."""
    for each in _fields(instance):
        name = vars(instance)[_KEPT].get(each.attname)
        if name and each.model is instance._meta.concrete_model:
            _delete_after_commit(each.storage, name, using)


def _fields(instance: Model) -> Iterator[FileField]:
    return _file_fields(instance._meta.concrete_fields)


def _file_fields(fields: Iterable[Any]) -> Iterator[FileField]:
    return (each for each in fields if isinstance(each, FileField))


def _name(value: object) -> str:
    return str(value or "")


def _delete_after_commit(storage: Storage, name: str, using: str) -> None:
    transaction.on_commit(partial(_delete, storage, name), using=using)


def _delete(storage: Storage, name: str) -> None:
    try:
        storage.delete(name)
    except Exception:
        _log.exception("Cannot delete the file %s, whose row no longer names it; delete it by hand", name)
