"""Compiles queries without a database."""


def compiled(wrapper, query) -> str:
    return query.get_compiler(connection=wrapper).as_sql()[0]
