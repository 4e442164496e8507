"""scripts/refresh_prices.py, on a sample in the format of AWS's price list."""

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from django_runtimes.compare.cost.prices.price_file import PRICE_FILE, read_prices
from tests.unit.documents.pages import ROOT

SAMPLE = Path(__file__).with_name("price_list")
PAGE = ROOT / "docs/cost.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh_prices", ROOT / "scripts/refresh_prices.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copies(tmp_path: Path) -> list[str]:
    prices, page = tmp_path / "prices.toml", tmp_path / "cost.md"
    shutil.copy(PRICE_FILE, prices)
    shutil.copy(PAGE, page)
    return ["--prices", str(prices), "--page", str(page), "--date", "2027-01-31"]


def offer(name: str) -> str:
    return str(SAMPLE / f"{name}.json")


def test_prices_and_tiers_are_taken_from_the_offers(script: ModuleType, copies: list[str], tmp_path: Path):
    before = read_prices()

    # The sample lacks most prices of Lambda.
    assert script.main([offer("AWSLambda"), offer("AmazonRDS"), *copies]) == 1

    after = read_prices(path=tmp_path / "prices.toml")
    requests, duration = after["lambda_requests"], after["lambda_gb_s_x86"]
    assert (f"{requests.value:f}", f"{requests.checked}", requests.verified) == ("0.21", "2027-01-31", True)
    assert [(f"{tier.start:f}", f"{tier.value:f}") for tier in duration.tiers] == [
        ("0", "0.000017"),
        ("5000000000", "0.000016"),
    ]
    assert f"{after['db_m7g_large_hour'].value:f}" == "0.17"
    assert after["db_m7g_large_hour"].verified
    untouched = {price.key for price in before} - {"lambda_requests", "lambda_gb_s_x86", "db_m7g_large_hour"}
    assert all(before[key] == after[key] for key in untouched)


def test_comments_and_other_regions_are_kept(script: ModuleType, copies: list[str], tmp_path: Path):
    script.main([offer("AWSLambda"), *copies])

    text = (tmp_path / "prices.toml").read_text()
    assert text.startswith(PRICE_FILE.read_text().partition("\n[")[0])
    assert '[prices.eu-central-1.lambda_requests]\nvalue = "0.20"' in text


def test_the_page_gets_the_new_price(script: ModuleType, copies: list[str], tmp_path: Path):
    script.main([offer("AWSLambda"), *copies])

    assert "| `lambda_requests` | us-east-1 | 0.21 | USD per 1,000,000 requests |" in (tmp_path / "cost.md").read_text()


def test_prices_that_the_offers_lack_are_named(
    script: ModuleType, copies: list[str], capsys: pytest.CaptureFixture[str]
):
    script.main([offer("AmazonRDS"), *copies])

    errors = capsys.readouterr().err
    assert "db_t4g_micro_hour is not in the offers; it keeps its price" in errors
    assert "db_m7g_large_hour" not in errors
    assert "lambda_requests" not in errors


def test_without_files_the_urls_of_the_offers_are_printed(
    script: ModuleType, copies: list[str], capsys: pytest.CaptureFixture[str]
):
    assert script.main(copies) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSLambda/current/us-east-1/index.json"
    )
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"offerCode": "X"}', '{"offerCode": "X", "products": null, "terms": {}}']
)
def test_a_file_that_is_not_an_offer_is_refused(
    script: ModuleType, copies: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
):
    (tmp_path / "other.json").write_text(content)

    assert script.main([str(tmp_path / "other.json"), *copies]) == 2
    assert "other.json is not a file of AWS's price list" in capsys.readouterr().err
    assert (tmp_path / "prices.toml").read_text() == PRICE_FILE.read_text()


def test_products_with_different_prices_are_an_error(
    script: ModuleType, copies: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    values = json.loads((SAMPLE / "AWSLambda.json").read_text())
    values["products"]["SECOND"] = values["products"]["LAMREQ"]
    values["terms"]["OnDemand"]["SECOND"] = {
        "t": {"priceDimensions": {"d": {"beginRange": "0", "pricePerUnit": {"USD": "0.5"}}}}
    }
    (tmp_path / "two.json").write_text(json.dumps(values))

    assert script.main([str(tmp_path / "two.json"), *copies]) == 2
    assert "lambda_requests: the products LAMREQ, SECOND differ" in capsys.readouterr().err


def test_a_name_that_is_no_region_is_refused(script: ModuleType, copies: list[str], capsys: pytest.CaptureFixture[str]):
    assert script.main(["--region", "Frankfurt", *copies]) == 2
    assert "--region 'Frankfurt' is not a region of AWS; use a code" in capsys.readouterr().err


@pytest.mark.parametrize("region", ["eu-central-1", "eu-west-1"])
def test_a_region_gets_the_prices_that_it_lacks(script: ModuleType, copies: list[str], tmp_path: Path, region: str):
    offers = [tmp_path / "AWSLambda.json", tmp_path / "AmazonRDS.json"]
    for path in offers:
        sample = (SAMPLE / path.name).read_text().replace(region, "eu-north-1")
        path.write_text(sample.replace("us-east-1", region))

    assert script.main([*map(str, offers), "--region", region, *copies]) == 1

    after = read_prices(region, tmp_path / "prices.toml")
    assert (f"{after['db_m7g_large_hour'].value:f}", after["db_m7g_large_hour"].unit) == ("0.17", "h")
    assert (f"{after['lambda_requests'].value:f}", after["lambda_requests"].per) == ("0.21", 1_000_000)
    assert [f"{tier.value:f}" for tier in after["lambda_gb_s_x86"].tiers] == ["0.000017", "0.000016"]
    assert all(after[key].verified for key in ("db_m7g_large_hour", "lambda_requests", "lambda_gb_s_x86"))
    assert "db_t4g_micro_hour" in after.missing
    assert list(read_prices(path=tmp_path / "prices.toml")) == list(read_prices())


def test_the_urls_of_a_new_region_are_printed(
    script: ModuleType, copies: list[str], capsys: pytest.CaptureFixture[str]
):
    assert script.main(["--region", "eu-west-1", *copies]) == 0

    assert "/aws/AmazonRDS/current/eu-west-1/index.json" in capsys.readouterr().out


def test_the_page_is_up_to_date(script: ModuleType, tmp_path: Path):
    shutil.copy(PAGE, tmp_path / "cost.md")

    assert script.main(["--documentation", "--page", str(tmp_path / "cost.md")]) == 0
    assert (tmp_path / "cost.md").read_text() == PAGE.read_text()
