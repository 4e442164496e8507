"""The project with views that show what reaches them and answer in every way, mounted into the containers."""
