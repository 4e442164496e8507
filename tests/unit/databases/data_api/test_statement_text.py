"""SQL is split into statements, and colons are hidden from the service."""

import psycopg
import pytest

from django_runtimes.databases.data_api.statements.statement_text import first_words, statements_of


def split_sql(sql):
    return [statement.merged(()) for statement in statements_of(sql, has_values=False)]


@pytest.mark.parametrize(
    ("sql", "statements"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", " SELECT 2"]),
        ("SELECT ';'; SELECT \";\"", ["SELECT ';'", ' SELECT ";"']),
        ("SELECT 1 -- one; two\n; SELECT 2", ["SELECT 1 -- one; two\n", " SELECT 2"]),
        ("SELECT /* ; /* ; */ ; */ 1; SELECT 2", ["SELECT /* ;    ;    ; */ 1", " SELECT 2"]),
        (r"SELECT E'\';'; SELECT 2", ["SELECT E''';'", " SELECT 2"]),
        ("", []),
        (" ; -- nothing\n ;", []),
    ],
)
def test_semicolons_split_outside_strings_and_comments(sql, statements):
    assert split_sql(sql) == statements


def test_the_body_of_a_function_is_not_split():
    sql = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT f()"

    assert split_sql(sql) == [sql.removesuffix("; SELECT f()"), " SELECT f()"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a[1:2]", "SELECT a[1: 2]"),
        ("SELECT a[:n]", "SELECT a[: n]"),
        ("SELECT 1::int", "SELECT 1::int"),
        ("SELECT f(a := 1)", "SELECT f(a := 1)"),
        ("SELECT ':a', \":b\" -- :c", "SELECT ':a', \":b\" -- :c"),
        ("DO $$ begin perform ':a'; end $$", "DO  ' begin perform '':a''; end '"),
        (r"DO $x$ a\b:c $x$", r"DO  E' a\\b:c '"),
        ("SELECT $$ :a", "SELECT $$ :a"),
        ("SELECT 1 /* /* :a */", "SELECT 1 /* /* :a */"),
        ("SELECT a$:1$", "SELECT a$: 1$"),
        ("SELECT a[1:::int]", "SELECT a[1::: int]"),
        ("SELECT 1 AS a$b$c; ", "SELECT 1 AS a$b$c"),
    ],
)
def test_no_colon_looks_like_a_parameter(sql, expected):
    assert split_sql(sql) == [expected]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (r"SELECT a LIKE b ESCAPE'\', ':c'", r"SELECT a LIKE b ESCAPE E'\\', ':c'"),
        (r"SELECT E'\\', E'a\n\'b'", r"SELECT E'\\', E'a\n''b'"),
        ("SELECT E'a'\n'b\\''", "SELECT E'a'\n'b'''"),
        ("SELECT 'a\\' -- b\n'c'", "SELECT  E'a\\\\' -- b\n'c'"),
        (r"SELECT N'a\'", r"SELECT  nchar E'a\\'"),
        (r"SELECT U&'\0041', X'1f', B'1'", r"SELECT U&'\0041', X'1f', B'1'"),
    ],
)
def test_a_string_with_backslashes_is_read_in_one_way(sql, expected):
    assert split_sql(sql) == [expected]


INJECTION = b"'$$ OR true --$$; :a'"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 WHERE a = %s",
        r"SELECT 1 WHERE a LIKE 'b' ESCAPE'\' AND a = %s",
        r"SELECT 1 WHERE CASE 1 WHEN 1 THEN '' ELSE'\' END = %s",
        "SELECT E'a'\n'b\\'' = %s",
        "SELECT a[1:2], '100%%' = %s; SELECT %s",
    ],
)
def test_a_value_is_never_rewritten(sql):
    values = sql.count("%s")

    merged = [statement.merged([INJECTION] * values) for statement in statements_of(sql, has_values=True)]

    assert "".join(merged).count(INJECTION.decode()) == values


def test_the_values_of_each_statement_are_its_own():
    statements = statements_of("SELECT %s, 5 %% 2;-- %s\n;SELECT %s", has_values=True)

    assert [statement.merged([b"1", b"2", b"3"]) for statement in statements] == ["SELECT 1, 5 % 2", "SELECT 3"]


@pytest.mark.parametrize(
    ("sql", "literal", "expected"),
    [
        ("DO $$ BEGIN PERFORM %s; END $$", b"'it''s'", "DO  E' BEGIN PERFORM ''it''''s''; END '"),
        (r"DO $a$ \ %s $a$", rb" E'\\'", r"DO  E' \\  E''\\\\'' '"),
        ("SELECT interval '%s days'", b"5", "SELECT interval '5 days'"),
        ("SELECT 1 /* %s */", b"'*/ ;'", "SELECT 1 /* ___ __ */"),
        ("SELECT 1 -- %s\n", b"'a\n; b'", "SELECT 1 -- _a__ b_\n"),
        ('SELECT a AS "%s"', b"'b'", "SELECT a AS \"'b'\""),
        ("SELECT * FROM t_%s_old", b"5", "SELECT * FROM t_5_old"),
    ],
)
def test_a_value_inside_another_part_of_the_text_does_not_end_it(sql, literal, expected):
    (statement,) = statements_of(sql, has_values=True)

    assert statement.merged([literal]) == expected


@pytest.mark.parametrize(
    ("sql", "literal"),
    [
        ("SELECT '%s'", b"'a'"),
        ("SELECT E'%s'", rb" E'\\'"),
        ('SELECT "%s"', b"'\"'"),
        ("SELECT $$ %s", b"'$$'"),
        ("SELECT 'a %s", b"'b'"),
    ],
)
def test_a_value_that_would_end_what_surrounds_it_is_refused(sql, literal):
    (statement,) = statements_of(sql, has_values=True)

    with pytest.raises(psycopg.ProgrammingError, match="which it would end; write %s without quotes around it"):
        statement.merged([literal])


def test_the_outline_has_no_values_strings_and_comments():
    sql = """SELECT 'FOR UPDATE', $$ (DELETE $$, "(insert x", "id" /* FOR UPDATE */ FROM t WHERE a = %s AND b = %s"""

    (statement,) = statements_of(sql, has_values=True)

    assert statement.outline == """SELECT '', '', "", "id"   FROM t WHERE a = %s AND b = %s"""
    assert statement.examined([b"'FOR UPDATE'", b"true"]).endswith("a = '' AND b = true")


def test_the_first_words_come_after_comments_and_brackets():
    assert first_words("  /* a */ -- b\n (( select DISTINCT 1", 2) == ("SELECT", "DISTINCT")
