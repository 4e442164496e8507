"""What middleware is given its keys by, in a module that its own does not share."""

from asgiref.sync import iscoroutinefunction


def key_for(function, *_):
    """By the rest of the chain."""
    return "HTTP_TENANT" if iscoroutinefunction(function) else "TENANT"


def key_of(middleware):
    """By a middleware, or what holds it."""
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


class KeyTable:
    def __getitem__(self, middleware):
        return key_of(middleware)


class Dispatch:
    def __init__(self, middleware):
        self.is_async = middleware.async_mode

    def hook(self, synchronous, asynchronous):
        return asynchronous if self.is_async else synchronous
