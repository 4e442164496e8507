"""The names of a run's databases."""

from django_runtimes.compare.services.database_creation import database_name


def test_a_database_is_named_after_its_run_and_its_target():
    assert database_name("20260501-1200-ab12", 3) == "webapp_20260501-1200-ab12_3"
