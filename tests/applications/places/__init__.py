"""A GeoDjango project with one model."""
