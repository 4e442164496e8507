"""Writes prices from AWS's price list into prices.toml and docs/cost.md: scripts/refresh_prices.py OFFER.json…

The files are the offers of one region, from
https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/OFFER/current/REGION/index.json. Without a file the script
prints the URLs.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_ROOT = Path(__file__).parents[1]
_PRICES = _ROOT / "src/django_runtimes/compare/cost/prices/prices.toml"
_PAGE = _ROOT / "docs/cost.md"
_ADDRESS = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{offer}/current/{region}/index.json"
# Only EC2's offer has the load balancers of us-east-1.
_OTHER_OFFERS = {"AWSELB": ("AmazonEC2",)}
# Most usage types begin with a region's prefix, such as USE1- or EUC1-.
_PREFIX = r"(?:[A-Z0-9]{2,6}-)?"
_COMPLETE_REGION = "us-east-1"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,2}-[1-9]")
_SECTION = re.compile(r"^\[prices\.([a-z0-9-]+)\.([a-z0-9_]+)\]$")

Tiers = list[tuple[Decimal, Decimal]]


def main(arguments: list[str]) -> int:
    """Refresh the prices; return 1 if the offers lack a price, 2 if a file is not an offer."""
    options = _parser().parse_args(arguments)
    text = options.prices.read_text(encoding="utf-8")
    if not _REGION.fullmatch(options.region):
        return _fail(f"--region {options.region!r} is not a region of AWS; use a code such as eu-central-1")
    prices: Mapping[str, Mapping[str, Any]] = tomllib.loads(text)["prices"]
    own = prices.get(options.region, {})
    # A region gets the other keys of the complete one.
    others = {key: entry for key, entry in prices[_COMPLETE_REGION].items() if key not in own and "offer" in entry}
    entries = {**own, **others}
    missing: list[str] = []
    if options.offers:
        try:
            offers = {offer["offerCode"]: offer for offer in map(_read_offer, options.offers)}
            found, missing = _find_all(entries, offers, options.region)
        except ValueError as error:
            return _fail(str(error))
        text = _rewritten(text, options.region, found, options.date)
        added = {key: others[key] for key in found if key in others}
        text = _with_sections(text, options.region, added, found, options.date)
        options.prices.write_text(text, encoding="utf-8")
        sys.stdout.writelines(f"{key}: {_plain(tiers[0][1])}\n" for key, tiers in found.items())
    elif not options.documentation:
        offer_codes = dict.fromkeys(entry["offer"] for entry in entries.values() if "offer" in entry)
        sys.stdout.writelines(_ADDRESS.format(offer=code, region=options.region) + "\n" for code in offer_codes)
        return 0
    _document(options.page, tomllib.loads(text))
    for key in missing:
        state = "has no price" if key in others else "keeps its price"
        sys.stderr.write(f"{key} is not in the offers; it {state}\n")
    return int(bool(missing))


def _fail(text: str) -> int:
    sys.stderr.write(f"refresh_prices.py: {text}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Refresh prices.toml from the files of AWS's price list.")
    parser.add_argument(
        "offers",
        nargs="*",
        type=Path,
        metavar="OFFER.json",
        help="files of AWS's price list; without any, print their URLs",
    )
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--date", type=date.fromisoformat, default=datetime.now(UTC).date(), help="default: today")
    parser.add_argument("--documentation", action="store_true", help="write docs/cost.md without changing prices.toml")
    parser.add_argument("--prices", type=Path, default=_PRICES, help=argparse.SUPPRESS)
    parser.add_argument("--page", type=Path, default=_PAGE, help=argparse.SUPPRESS)
    return parser


def _read_offer(path: Path) -> dict[str, Any]:
    try:
        offer: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(offer["offerCode"], str) and offer["products"] is not None and offer["terms"] is not None:
            return offer
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a file of AWS's price list ({type(error).__name__}: {error})") from None
    raise ValueError(f"{path} is not a file of AWS's price list")


def _find_all(entries: Mapping[str, Any], offers: Mapping[str, Any], region: str) -> tuple[dict[str, Tiers], list[str]]:
    """Return the tiers of each price in the offers, and the keys that the offers lack."""
    found, missing = {}, []
    for key, entry in entries.items():
        codes = (entry.get("offer"), *_OTHER_OFFERS.get(entry.get("offer", ""), ()))
        present = [offers[code] for code in codes if code in offers]
        if not present:
            continue
        tiers = next((each for offer in present if (each := _find(offer, key, entry, region))), None)
        if tiers is None:
            missing.append(key)
        else:
            found[key] = tiers
    return found, missing


def _find(offer: Mapping[str, Any], key: str, entry: Mapping[str, Any], region: str) -> Tiers | None:
    """Return the tiers of one price, for `per` units each; raise ValueError if its products have different prices."""
    per = Decimal(entry.get("per", 1))
    skus = [sku for sku, product in offer["products"].items() if _matches(product["attributes"], entry, region)]
    prices = {sku: _tiers(offer["terms"].get("OnDemand", {}).get(sku, {}), per) for sku in skus}
    different = {tuple(tiers) for tiers in prices.values() if tiers}
    if len(different) > 1:
        raise ValueError(f"{key}: the products {', '.join(sorted(prices))} differ; add attributes to prices.toml")
    return list(different.pop()) if different else None


def _matches(attributes: Mapping[str, str], entry: Mapping[str, Any], region: str) -> bool:
    place = attributes.get("regionCode") or attributes.get("fromRegionCode")
    return (
        place == region
        and re.fullmatch(_PREFIX + re.escape(entry["usagetype"]), attributes.get("usagetype", "")) is not None
        and all(attributes.get(name) == value for name, value in entry.get("attributes", {}).items())
    )


def _tiers(terms: Mapping[str, Any], per: Decimal) -> Tiers:
    """Return the start and the price of each tier, the lowest first."""
    tiers = []
    for term in terms.values():
        for dimension in term["priceDimensions"].values():
            try:
                start = Decimal(dimension.get("beginRange", "0"))
                price = Decimal(dimension["pricePerUnit"]["USD"])
            except (KeyError, InvalidOperation):
                raise ValueError(
                    f"{dimension.get('rateCode')} has no price in USD; use the offer of another region"
                ) from None
            tiers.append((start, price * per))
    return sorted(tiers)


def _rewritten(text: str, region: str, found: Mapping[str, Tiers], checked: date) -> str:
    """Return prices.toml with the found prices; everything else, including comments, is unchanged."""
    lines, tiers = [], None
    for line in text.splitlines():
        section = _SECTION.match(line)
        if section is not None or line.startswith("["):
            tiers = found.get(section[2]) if section is not None and section[1] == region else None
        name = line.partition(" = ")[0]
        if tiers is None or name not in {"value", "tiers", "date", "verified"}:
            lines.append(line)
        elif name == "value":
            lines.append(f'value = "{_plain(tiers[0][1])}"')
            if len(tiers) > 1:
                listed = ", ".join(
                    f'{{ start = "{_plain(start)}", value = "{_plain(price)}" }}' for start, price in tiers
                )
                lines.append(f"tiers = [{listed}]")
        elif name == "date":
            lines.append(f"date = {checked.isoformat()}")
        elif name == "verified":
            lines.append("verified = true")
    return "\n".join(lines) + "\n"


def _with_sections(text: str, region: str, added: Mapping[str, Any], found: Mapping[str, Tiers], checked: date) -> str:
    """Return prices.toml with a section for each added price of a region, before the billing rules."""
    sections = []
    for key, entry in added.items():
        attributes = ", ".join(f'{name} = "{value}"' for name, value in entry.get("attributes", {}).items())
        lines = (
            f"[prices.{region}.{key}]",
            'value = "0"',
            *([f"per = {entry['per']}"] if "per" in entry else []),
            *(f'{name} = "{entry[name]}"' for name in ("unit", "source")),
            f"date = {checked.isoformat()}",
            "verified = false",
            *(f'{name} = "{entry[name]}"' for name in ("offer", "usagetype")),
            *([f"attributes = {{ {attributes} }}"] if attributes else []),
        )
        sections.append("\n".join(lines) + "\n\n")
    before, rules, after = text.partition("[rules.")
    # The same function writes the prices of new and of known sections.
    return _rewritten(f"{before}{''.join(sections)}{rules}{after}", region, found, checked)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _document(page: Path, content: Mapping[str, Any]) -> None:
    """Write both tables of docs/cost.md."""
    from django_runtimes.compare.cost.usage.usage import USAGE_KEYS
    from django_runtimes.compare.cost.usage.usage_key import usage_text

    keys = [
        (
            f"`{key.name}`",
            _defaults(key, usage_text),
            _values(key),
            key.concerned,
            key.meaning,
        )
        for key in USAGE_KEYS.values()
    ]
    text = page.read_text(encoding="utf-8")
    text = _filled(text, "keys", ("KEY", "default", "values", "affects", "meaning"), keys)
    text = _filled(
        text, "prices", ("name", "region", "value", "unit", "source", "date", "verified"), _price_rows(content)
    )
    page.write_text(text, encoding="utf-8")


def _defaults(key: Any, text: Callable[[Any, Any], str]) -> str:
    """Return the default of a KEY, with those of single runtimes."""
    others = (f"; {text(key, value)} on {runtime}" for runtime, value in key.runtime_defaults.items())
    return f"{text(key, key.default)}{''.join(others)}"


def _values(key: Any) -> str:
    """Return the values that a KEY accepts."""
    whole = {None: "", Decimal(1): ", whole"}.get(key.step, f", multiples of {key.step}")
    return ", ".join(key.choices) or f"{key.low:f} to {key.high:f}{whole}"


def _price_rows(content: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for region, entries in (*content["prices"].items(), ("all", content["rules"])):
        for key, entry in entries.items():
            tiers = entry.get("tiers", ())[1:]
            later = "".join(f"; from {int(tier['start']):,}: {tier['value']}" for tier in tiers)
            per = f"{entry['per']:,} " if "per" in entry else ""
            unit = entry["unit"] if region == "all" else f"USD per {per}{entry['unit']}"
            source = f"[{urlsplit(entry['source']).path.partition('/latest')[0].strip('/')}]({entry['source']})"
            verified = "yes" if entry["verified"] else "**no**"
            yield f"`{key}`", region, f"{entry['value']}{later}", unit, source, f"{entry['date']}", verified


def _filled(text: str, name: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return the page with the table between the two comments of this name replaced."""
    begin, end = text.index(f"<!-- {name}:"), text.index(f"<!-- end of {name} -->")
    begin = text.index("\n", begin) + 1
    table = [header, tuple("---" for _ in header), *rows]
    lines = "".join(f"| {' | '.join(cells)} |\n" for cells in table)
    return text[:begin] + lines + text[end:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
