"""A project whose own settings name what stands in front."""
