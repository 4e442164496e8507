"""Renders a plot as an SVG that is part of the page: no script, no request, values as titles on hover."""

import json
from functools import lru_cache
from xml.etree import ElementTree

from django_runtimes.compare.report.plots.plot import Plot
from django_runtimes.compare.report.plots.theme import themed

_SVG = "http://www.w3.org/2000/svg"
_VEGA_LITE = "6.4"
# Vega describes every part of a plot for screen readers. The plot's own description and its table do that here.
_DESCRIBED = ("role", "aria-label", "aria-roledescription", "aria-hidden")
# Axes and legends have labels too, but only marks have values.
_VALUE_ROLE = "graphics-symbol"
_NO_VALUE = frozenset({"axis", "legend", "title"})


def plot_svg(plot: Plot, width: int) -> str:
    """Return the plot as an `<svg>` element of this width in pixels, which shrinks with its container."""
    ElementTree.register_namespace("", _SVG)
    # The text is Vega's own output, not a file from elsewhere.
    root = ElementTree.fromstring(_drawn(json.dumps(themed(plot.spec(width)))))  # noqa: S314
    for element in list(root.iter()):
        _describe(element)
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    root.attrib.pop("class", None)
    root.set("role", "img")
    title_id, description_id = f"{plot.key}-{width}-title", f"{plot.key}-{width}-description"
    root.set("aria-labelledby", f"{title_id} {description_id}")
    for position, (tag, identifier, content) in enumerate(
        (("title", title_id, plot.title), ("desc", description_id, plot.description))
    ):
        child = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": identifier})
        child.text = content
        root.insert(position, child)
    return ElementTree.tostring(root, encoding="unicode")


@lru_cache(maxsize=64)
def _drawn(spec: str) -> str:
    """Return Vega's SVG of a specification in JSON, without any request."""
    # Importing this takes milliseconds, and the first conversion about a second, so only a report pays for it.
    import vl_convert

    return vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])


def _describe(element: ElementTree.Element) -> None:
    """Turn the description of a mark into a title, which browsers show on hover."""
    label = element.get("aria-label")
    is_value = element.get("role") == _VALUE_ROLE and element.get("aria-roledescription") not in _NO_VALUE
    for name in _DESCRIBED:
        element.attrib.pop(name, None)
    if label and is_value:
        title = ElementTree.Element(f"{{{_SVG}}}title")
        title.text = label
        element.insert(0, title)
