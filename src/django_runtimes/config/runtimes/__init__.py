"""The services that may run the process: how they are detected, and the profile of each."""
