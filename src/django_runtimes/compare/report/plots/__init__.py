"""The plots of a report, as Vega-Lite specifications with a table behind each."""
