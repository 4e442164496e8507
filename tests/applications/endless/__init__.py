"""An application whose responses never end."""
