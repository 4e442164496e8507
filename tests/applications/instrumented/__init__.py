"""An application that tools instrument: a settings module for each tool, and views that note their request with it."""
