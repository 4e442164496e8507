from django_runtimes.compare.load.page import Page


def test_the_token_is_read_from_the_hidden_field():
    assert Page('<form><input name="csrfmiddlewaretoken" type="hidden" value="t1"><br></form>').token == "t1"
    assert Page('<input name="other" value="t1">').token is None


def test_a_forms_error_is_preferred_to_the_title():
    page = '<title>Log in</title><ul class="errorlist nonfield"><li>No such<br>user.</li></ul><p>Forgotten?</p>'

    assert Page(page).complaint == "No such user."
    assert Page('<p class="errornote">Please correct.</p>').complaint == "Please correct."


def test_without_form_errors_the_title_is_the_complaint():
    assert Page("<title>403\n Forbidden</title><h1>CSRF</h1>").complaint == "403 Forbidden"


def test_other_content_has_no_complaint_and_no_token():
    assert Page('{"a": "<"').complaint == ""
    assert Page("").token is None


def test_a_long_complaint_is_cut():
    assert len(Page(f"<title>{'x' * 300}</title>").complaint) == 200
