"""The load of a comparison from several machines, with Locust.

Only Locust imports these modules, since they need gevent, which replaces parts of the standard library.
"""
