import pytest

from django_runtimes.databases.postgresql.session.lexer import TokenKind, split_statements


def words(sql):
    return [[token.text for token in statement] for statement in split_statements(sql)]


def test_words_are_lowercased_and_quoted_names_are_not():
    assert words('SeLeCt Id FROM "Weird ""Name"""') == [["select", "id", "from", 'Weird "Name"']]


def test_a_semicolon_ends_a_statement_and_empty_statements_are_skipped():
    assert words(" ; SELECT a;;SET b ; -- c\n") == [["select", "a"], ["set", "b"]]


@pytest.mark.parametrize(
    "inert",
    [
        "'a; SET x'",
        "'it''s; SET x'",
        r"E'it\'s; SET x'",
        r"e'\\'",
        "U&'; SET x'",
        "$$; SET x$$",
        "$tag$; $$ SET $other$ x $tag$",
        "/* ; SET */ 1",
        "/* a /* nested; */ SET */ 1",
        "1 -- ; SET x\n",
        "1.5e10",
        "'\n; SET x'",
        "E'a'\n'\\'; SET x'",
        "e'a' -- ; ' SET\n\t-- '\n '\\'; SET x'",
        "B'0'\n'; SET x'",
        "1_000.5e-3",
        "0x1F",
    ],
)
def test_literals_and_comments_become_one_value(inert):
    (tokens,) = split_statements(f"SELECT {inert} FROM t")

    assert [token.text for token in tokens] == ["select", "", "from", "t"]
    assert tokens[1].kind is TokenKind.VALUE


def test_a_backslash_does_not_escape_in_a_plain_string():
    assert words(r"SELECT '\'; SET x") == [["select", ""], ["set", "x"]]


@pytest.mark.parametrize("sql", [r"x ESCAPE'\'; SET x", r"CASE a ELSE'\'; SET x", r"😀e'\'; SET x", r"a$e'\'; SET x"])
def test_a_word_before_a_string_is_no_prefix_of_it(sql):
    first, second = words(sql)

    assert first[-1] == ""
    assert second == ["set", "x"]


def test_a_string_goes_on_after_a_line_break_alone():
    assert words("E'a' /* \n */ '\\'; SET x") == [["", ""], ["set", "x"]]
    assert words("E'a' '\\'; SET x") == [["", ""], ["set", "x"]]


def test_white_space_is_postgresqls():
    assert words("a\u00a0b; SET x") == [["a\u00a0b"], ["set", "x"]]


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN ATOMIC SELECT 1; END",
        "BEGIN ATOMIC SELECT CASE a WHEN 1 THEN 2 END; SELECT (CASE WHEN t.end THEN 1 ELSE 2 END) AS end; END",
        "begin\natomic /* ; END */ SELECT '; END'; END",
        "RETURN setval('s', 1)",
    ],
)
@pytest.mark.parametrize("create", ["CREATE FUNCTION f(a int)", "create or replace procedure f()"])
def test_the_body_of_a_function_is_one_value(create, body):
    first, second = split_statements(f"{create} {body}; SET x")

    assert first[-1] == (TokenKind.VALUE, "")
    assert [token for token in first if token.text in ("select", "setval", "end", ";")] == []
    assert [token.text for token in second] == ["set", "x"]


def test_only_functions_have_bodies():
    assert words("SELECT begin atomic; END") == [["select", "begin", "atomic"], ["end"]]


def test_semicolons_in_brackets_split_nothing():
    (rule,) = words("CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v)")

    assert rule[-2:] == ["v", ")"]


def test_a_dollar_inside_a_name_starts_no_string():
    assert words("SELECT a$$ FROM b$$; SET x") == [["select", "a$$", "from", "b$$"], ["set", "x"]]


def test_a_numbered_parameter_starts_no_string():
    assert words("SELECT $1 ; SET x") == [["select", "$", ""], ["set", "x"]]


@pytest.mark.parametrize("open_end", ["'", "E'", r"E'\\\'", "$$", "$a$", '"', "/*", "/* /* */", "--"])
def test_an_unclosed_token_extends_to_the_end(open_end):
    statements = words(f"SELECT {open_end} ; SET x")

    assert len(statements) == 1
    assert statements[0][0] == "select"


@pytest.mark.parametrize("piece", ["'", "''", "$", "$a$", "/*", "*/", "--", '"', "\\", "E'", "(", "é", "\0"])
def test_a_long_run_of_any_mark_is_lexed_quickly(piece):
    # A quadratic lexer would take minutes.
    split_statements(piece * 200_000)
