"""A GeoDjango project of one model."""
