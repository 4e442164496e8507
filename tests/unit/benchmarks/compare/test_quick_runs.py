import pytest
from benchmarks.compare.quick_runs import main, outcome


@pytest.mark.parametrize(
    ("name", "duration_s", "expected"),
    [
        ("guestbook", 60.0, ("guestbook: 60 s (bar: at most 60 s)", True)),
        ("guestbook", 60.6, ("guestbook: 61 s (bar: at most 60 s)", False)),
        ("stock", 119.0, ("stock: 119 s (bar: at most 120 s)", True)),
    ],
)
def test_each_project_has_its_bar(name, duration_s, expected):
    assert outcome(name, duration_s) == expected


def test_an_unknown_project_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["blog"])

    assert refused.value.code == 2
    assert "'blog' is not a measured project; choose one of: guestbook, gallery, stock" in capsys.readouterr().err
