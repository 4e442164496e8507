"""Changes of tables with rows, as Django's schema editor makes them."""

import pytest
from django.contrib.postgres.indexes import GinIndex
from django.core.management.color import no_style
from django.db import IntegrityError, models
from django.db.models.functions import Concat, NullIf
from django.db.utils import DatabaseError, NotSupportedError
from django.test.utils import isolate_apps

from django_runtimes.databases.dsql.schema.jobs import wait_for_jobs

pytestmark = pytest.mark.profile_free


def model(name, **fields):
    """Return a model of the table `name`."""
    with isolate_apps("webapp.guestbook"):
        meta = type("Meta", (), {"app_label": "guestbook", "db_table": name.lower(), **fields.pop("meta", {})})
        return type(name, (models.Model,), {"__module__": __name__, "Meta": meta, **fields})


def named(field, name, of):
    field.set_attributes_from_name(name)
    field.model = of
    return field


@pytest.fixture
def run(cluster):
    def execute(statement, parameters=None):
        with cluster.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return execute


@pytest.fixture
def book(cluster):
    book = model("Book", title=models.CharField(max_length=20), pages=models.IntegerField(null=True))
    with cluster.schema_editor() as editor:
        editor.create_model(book)
    return book


def test_an_added_field_fills_the_rows_in_batches_and_then_refuses_null(cluster, run, book, dsql):
    run("INSERT INTO book (title) SELECT 'b' || n FROM generate_series(1, 2500) AS n")
    before = len(dsql.statements)

    with cluster.schema_editor() as editor:
        editor.add_field(book, named(models.CharField(max_length=3, default="EUR"), "currency", book))

    assert run("SELECT DISTINCT currency, count(*) FROM book GROUP BY 1") == [("EUR", 2500)]
    updates = [statement for statement in dsql.statements[before:] if statement.startswith("UPDATE")]
    assert len(updates) == 4
    with pytest.raises(IntegrityError, match=r"currency_\w+_not_null"):
        run("INSERT INTO book (title) VALUES ('x')")
    with pytest.raises(IntegrityError, match=r"currency_\w+_check"):
        run("INSERT INTO book (title, currency) VALUES ('x', 'EURO')")


def test_a_semicolon_in_a_text_ends_no_statement(cluster, run, book):
    text = "first;\nsecond"

    with cluster.schema_editor() as editor:
        editor.add_field(book, named(models.TextField(db_default=text), "note", book))
        editor.execute(f"INSERT INTO book (title) VALUES ('{text}')", None)

    assert run("SELECT title, note FROM book") == [(text, text)]


def test_a_batch_of_an_added_field_is_repeated_after_a_conflict(cluster, run, book, dsql):
    run("INSERT INTO book (title) VALUES ('x'), ('y')")
    before = len(dsql.statements)
    dsql.conflict(3)

    with cluster.schema_editor() as editor:
        editor.add_field(book, named(models.CharField(max_length=3, default="EUR"), "currency", book))

    assert run("SELECT DISTINCT currency, count(*) FROM book GROUP BY 1") == [("EUR", 2)]
    updates = [statement for statement in dsql.statements[before:] if statement.startswith("UPDATE")]
    # Three conflicts, the batch, and the question whether there is another one.
    assert len(updates) == 5


@pytest.fixture
def few_updates(cluster):
    """Raise an error at the tenth UPDATE, where a repetition without end would hang."""
    updates = []

    def count(execute, statement, *args):
        if str(statement).startswith("UPDATE"):
            updates.append(statement)
            assert len(updates) < 10, updates[0]
        return execute(statement, *args)

    with cluster.execute_wrapper(count):
        yield updates


@pytest.mark.parametrize("default", [None, NullIf(models.Value(1), models.Value(1))], ids=["null", "expression"])
def test_a_default_of_the_database_that_is_null_leaves_the_rows_alone(cluster, run, book, few_updates, default):
    run("INSERT INTO book (title) VALUES ('x')")

    with cluster.schema_editor() as editor:
        editor.add_field(book, named(models.IntegerField(null=True, db_default=default), "stock", book))

    assert run("SELECT stock FROM book") == [(None,)]
    assert len(few_updates) == 1


def test_a_default_of_the_database_that_is_null_cannot_refuse_null(cluster, run, book, few_updates):
    old = book._meta.get_field("pages")
    new = named(models.IntegerField(db_default=NullIf(models.Value(1), models.Value(1))), "pages", book)
    run("INSERT INTO book (title) VALUES ('x')")

    with pytest.raises(DatabaseError, match="failed: check constraint"), cluster.schema_editor() as editor:
        editor.alter_field(book, old, new)


@pytest.mark.parametrize("default", ["5%", Concat(models.Value("5"), models.Value("%"))], ids=["value", "expression"])
def test_a_default_of_the_database_fills_the_rows(cluster, run, book, few_updates, default):
    run("INSERT INTO book (title) VALUES ('x'), ('y')")

    with cluster.schema_editor() as editor:
        editor.add_field(book, named(models.CharField(max_length=3, db_default=default), "discount", book))
    run("INSERT INTO book (title) VALUES ('z')")

    assert run("SELECT discount FROM book") == [("5%",)] * 3


def test_null_is_refused_and_allowed_again(cluster, run, book):
    old = book._meta.get_field("pages")
    new = named(models.IntegerField(default=1), "pages", book)
    run("INSERT INTO book (title) VALUES ('x')")

    with cluster.schema_editor() as editor:
        editor.alter_field(book, old, new)
    assert run("SELECT pages FROM book") == [(1,)]
    with pytest.raises(IntegrityError):
        run("INSERT INTO book (title, pages) VALUES ('y', NULL)")

    with cluster.schema_editor() as editor:
        editor.alter_field(book, new, old)
    run("INSERT INTO book (title, pages) VALUES ('y', NULL)")


def test_a_text_may_become_longer_and_shorter(cluster, run, book):
    field = book._meta.get_field("title")
    longer = named(models.CharField(max_length=30), "title", book)

    with cluster.schema_editor() as editor:
        editor.alter_field(book, field, longer)
    run("INSERT INTO book (title) VALUES (%s)", ["x" * 30])

    with pytest.raises(DatabaseError, match="failed: check constraint"), cluster.schema_editor() as editor:
        editor.alter_field(book, longer, field)


def test_a_unique_index_is_built_and_removed(cluster, run, book):
    field = book._meta.get_field("title")
    unique = named(models.CharField(max_length=20, unique=True), "title", book)

    with cluster.schema_editor() as editor:
        editor.alter_field(book, field, unique)
    with pytest.raises(IntegrityError):
        run("INSERT INTO book (title) VALUES ('x'), ('x')")

    with cluster.schema_editor() as editor:
        editor.alter_field(book, unique, field)
    run("INSERT INTO book (title) VALUES ('x'), ('x')")


def test_a_unique_constraint_of_the_table_is_removed_as_a_constraint(cluster, run):
    constraint = models.UniqueConstraint(fields=["code"], name="shelf_code")
    shelf = model("Shelf", code=models.IntegerField(), meta={"constraints": [constraint]})

    with cluster.schema_editor() as editor:
        editor.create_model(shelf)
    with cluster.schema_editor() as editor:
        editor.remove_constraint(shelf, constraint)

    run("INSERT INTO shelf (code) VALUES (1), (1)")


def test_an_index_that_cannot_be_built_stops_the_migration(cluster, run, book):
    run("INSERT INTO book (title) VALUES ('x'), ('x')")
    unique = named(models.CharField(max_length=20, unique=True), "title", book)

    with pytest.raises(DatabaseError, match="has failed: could not create"), cluster.schema_editor() as editor:
        editor.alter_field(book, book._meta.get_field("title"), unique)


def test_a_foreign_key_is_created_with_the_table_or_added_to_it(cluster, run, book):
    review = model("Review", book=models.ForeignKey(book, models.CASCADE))
    with cluster.schema_editor() as editor:
        editor.create_model(review)
        editor.add_field(review, named(models.ForeignKey(book, models.CASCADE, null=True), "other", review))

    run("INSERT INTO book (id, title) VALUES (1, 'x')")
    run("INSERT INTO review (book_id, other_id) VALUES (1, NULL)")
    for values in ("(9, NULL)", "(1, 9)"):
        with pytest.raises(IntegrityError, match="foreign key"):
            run(f"INSERT INTO review (book_id, other_id) VALUES {values}")


def test_the_key_of_an_automatic_field_and_its_foreign_keys_have_one_type(cluster, run):
    owner = model("Owner", id=models.AutoField(primary_key=True))
    pet = model("Pet", owner=models.ForeignKey(owner, models.CASCADE), age=models.IntegerField())

    with cluster.schema_editor() as editor:
        editor.create_model(owner)
        editor.create_model(pet)

    types = run(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = 'pet'::regclass AND attnum > 0 ORDER BY attname"
    )
    assert types == [("age", "integer"), ("id", "bigint"), ("owner_id", "bigint")]


@pytest.mark.parametrize("field", [models.BigIntegerField(null=True), models.TextField(null=True)])
def test_another_type_is_refused_before_anything_changes(cluster, book, dsql, field):
    before = len(dsql.statements)

    with (
        pytest.raises(NotSupportedError, match=r"the type of book\.pages from integer"),
        cluster.schema_editor() as editor,
    ):
        editor.alter_field(book, book._meta.get_field("pages"), named(field, "pages", book))

    assert not any("ALTER" in statement for statement in dsql.statements[before:])


def test_an_index_without_an_equivalent_is_refused(cluster, book):
    index = GinIndex(fields=["title"], name="book_title")

    with pytest.raises(NotSupportedError, match="no index of the type gin on book"), cluster.schema_editor() as editor:
        editor.add_index(book, index)


def test_jobs_without_a_row_have_ended(cluster):
    wait_for_jobs(cluster, ["unknown"])


def test_all_rows_are_deleted_by_delete(cluster, run, book):
    run("INSERT INTO book (title) VALUES ('x')")

    cluster.ops.execute_sql_flush(cluster.ops.sql_flush(no_style(), ["book"], reset_sequences=True))

    assert run("SELECT count(*) FROM book") == [(0,)]
