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
    ],
)
def test_literals_and_comments_become_one_value(inert):
    (tokens,) = split_statements(f"SELECT {inert} FROM t")

    assert [token.text for token in tokens] == ["select", "", "from", "t"]
    assert tokens[1].kind is TokenKind.VALUE


def test_a_backslash_does_not_escape_in_a_plain_string():
    assert words(r"SELECT '\'; SET x") == [["select", ""], ["set", "x"]]


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
