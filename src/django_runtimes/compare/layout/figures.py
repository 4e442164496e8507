"""Formats numbers with their significant digits."""


def number(value: float | None) -> str:
    """Format a count or a mean, such as 1,204 or 12.3; "-" for an unknown value."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def milliseconds(value: float | None) -> str:
    """Format a duration with three digits or as whole milliseconds: 0.52, 8.14, 64.2, 1,204."""
    if value is None:
        return "-"
    if round(value, 2) < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if round(value, 1) < 100 else f"{value:,.0f}"


def ratio(value: float) -> str:
    """Format a ratio with two decimals, or with one from 10 on: 0.87, 1.02, 14.3."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def requests_per_second(rate_rps: float) -> str:
    """Format a rate, such as 25/s."""
    return f"{rate_rps:g}/s"
