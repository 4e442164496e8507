"""An application whose migrations take as long as a test requires."""
