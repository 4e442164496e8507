"""Objects that choose a key by the mode of a middleware, in a different module from the middleware."""

from asgiref.sync import iscoroutinefunction


def key_for(function, *_):
    """Return the key that matches the next handler's kind, synchronous or asynchronous."""
    return "HTTP_TENANT" if iscoroutinefunction(function) else "TENANT"


def key_of(middleware):
    """Return the key for the mode of a middleware, given the middleware or one of its bound methods."""
    middleware = getattr(middleware, "__self__", middleware)
    return "HTTP_TENANT" if middleware.async_mode else "TENANT"


class Keys:
    def __init__(self, function=None):
        self.key = key_for(function)

    def of(self, middleware):
        return key_of(middleware)


class ByMode:
    def __get__(self, instance, owner):
        return key_of(instance) if instance is not None else self


class KeptBySet:
    """A descriptor without `__get__`, whose value is an attribute of the middleware itself."""

    def __set__(self, instance, value):
        vars(instance)["key"] = key_of(instance)


class KeptByDelete:
    def __delete__(self, instance):
        vars(instance)["key"] = key_of(instance)


class KeyTable:
    def __getitem__(self, middleware):
        return key_of(middleware)


class Dispatch:
    def __init__(self, middleware):
        self.is_async = middleware.async_mode

    def hook(self, synchronous, asynchronous):
        return asynchronous if self.is_async else synchronous
