"""Renders the comparison of several runs as Markdown."""

from django_runtimes.compare.report.markdown import escaped, listed, table_parts
from django_runtimes.compare.saved_runs.runs_content import RunsContent, RunSection


def render_runs_markdown(content: RunsContent) -> str:
    """Return the text of report.md."""
    parts = [f"# {escaped(content.title)}", escaped(content.warning), *table_parts(content.runs)]
    if content.conditions:
        parts += ["## Conditions", listed(content.conditions)]
    for section in content.sections:
        parts += _section(section)
    parts += ["## Method", listed(content.method)]
    return "\n\n".join(parts) + "\n"


def _section(section: RunSection) -> list[str]:
    parts = [f"## {escaped(section.title)}"]
    if section.environments:
        parts += ["### The environments differ", listed(section.environments), "### Verdicts"]
    parts.append(listed(section.verdicts))
    if section.warnings:
        parts += ["### Not compared", listed(section.warnings)]
    for table in (*section.latencies, section.others):
        parts += [f"### {escaped(table.title)}", *table_parts(table)]
    return parts
