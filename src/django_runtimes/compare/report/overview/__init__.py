"""The first screen of a report: the recommendation, a table and a sentence for each target."""
