"""Deletes the files of rows that were deleted, and files that were replaced, after the transaction has committed."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import FileField, Model
from django.db.models.fields.files import FieldFile
from django.db.models.signals import (
    ModelSignal,
    class_prepared,
    post_delete,
    post_init,
    post_save,
    pre_delete,
    pre_save,
)

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
        pre_save: _ask_before_replacing,
        post_save: _delete_replaced,
        pre_delete: _load,
        post_delete: _delete_all,
    }
    for signal, receiver in receivers.items():
        signal.connect(receiver, sender=model, dispatch_uid=f"{__name__}.{model.__module__}.{model.__qualname__}")


def _remember(instance: Model, **kwargs: Any) -> None:
    loaded = vars(instance)
    loaded[_KEPT] = {each.attname: _name(loaded[each.attname]) for each in _fields(instance) if each.attname in loaded}


def _ask_before_replacing(
    instance: Model, *, using: str, update_fields: frozenset[str] | None, raw: bool, **kwargs: Any
) -> None:
    """Ask the database for the files that a save replaces.

    The instance may not know them: its fields may be deferred, `refresh_from_db()` changes them without a signal, and
    other processes write too.
    """
    if raw or _is_new(instance):
        return
    kept: dict[str, str] = vars(instance).setdefault(_KEPT, {})
    written = [each for each in _fields(instance) if _is_written(each, instance, update_fields)]
    if any(_is_replaced(each, instance, kept) for each in written):
        kept.update(_stored_names(instance, [each.attname for each in written], using))


def _is_new(instance: Model) -> bool:
    """Return whether the instance can have no row yet: its key is missing, or its own default."""
    key = instance._meta.pk
    return instance.pk is None or (instance._state.adding and key is not None and key.has_default())


def _is_written(field: FileField, instance: Model, update_fields: frozenset[str] | None) -> bool:
    return field.attname in vars(instance) and (update_fields is None or field.name in update_fields)


def _is_replaced(field: FileField, instance: Model, kept: dict[str, str]) -> bool:
    # A new instance remembers its own files, and not those of the row of its key.
    if instance._state.adding or field.attname not in kept:
        return True
    file: FieldFile = getattr(instance, field.attname)
    # Django sets the attribute on a file that it has not stored yet.
    return kept[field.attname] != _name(file) or (bool(file) and not getattr(file, "_committed", True))


def _stored_names(instance: Model, attnames: Sequence[str], using: str) -> dict[str, str]:
    """Return the names of the files in the row of an instance, by field; they are empty if there is no row."""
    # The order of the model may join tables, whose rows cannot all be locked.
    rows = _concrete_model(instance)._base_manager.using(using).filter(pk=instance.pk).order_by()
    if transaction.get_connection(using).in_atomic_block:
        # Another transaction that replaces the same file waits, and then finds the file of this one.
        rows = rows.select_for_update()
    row: dict[str, Any] = next(iter(rows.values(*attnames)), {})
    return {attname: _name(row.get(attname)) for attname in attnames}


def _concrete_model(instance: Model) -> type[Model]:
    # The stubs do not know that the model of an instance is concrete.
    return cast(type[Model], instance._meta.concrete_model)


def _delete_replaced(instance: Model, using: str, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    kept: dict[str, str] = vars(instance).setdefault(_KEPT, {})
    for each in _fields(instance):
        if not _is_written(each, instance, update_fields):
            continue
        before, now = kept.get(each.attname, ""), _name(vars(instance)[each.attname])
        kept[each.attname] = now
        if before and before != now:
            _delete_after_commit(each.storage, before, using)


def _load(instance: Model, using: str, origin: object = None, **kwargs: Any) -> None:
    """Read the names while the row exists, and tell the rows of parents, whose instances are made of this one.

    A queryset and a cascade have just read the row. An instance that is deleted itself may be older than its row.
    """
    kept: dict[str, str] = vars(instance).setdefault(_KEPT, {})
    attnames = [each.attname for each in _fields(instance)]
    if origin is instance:
        kept.update(_stored_names(instance, attnames, using))
    for attname in attnames:
        kept.setdefault(attname, _name(getattr(instance, attname)))
    # The stubs do not know that the links are relations.
    links: Iterable[Any] = _concrete_model(instance)._meta.parents.values()
    for link in links:
        parent = link.get_cached_value(instance, default=None) if link else None
        if parent is not None:
            vars(parent)[_KEPT] = dict(kept)


def _delete_all(instance: Model, using: str, **kwargs: Any) -> None:
    """Delete the files of this table; the row of a parent has a signal of its own, if it is deleted."""
    for each in _fields(instance):
        name = vars(instance)[_KEPT].get(each.attname)
        if name and each.model is _concrete_model(instance):
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
