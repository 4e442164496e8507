from django_runtimes.compare.cost.prices.price_file import read_prices
from django_runtimes.compare.run.run_record import _prices


def test_a_run_records_the_dates_of_its_prices():
    dates = sorted(price.checked.isoformat() for price in read_prices("us-east-1"))

    assert _prices() == {"region": "us-east-1", "oldest": dates[0], "newest": dates[-1]}
