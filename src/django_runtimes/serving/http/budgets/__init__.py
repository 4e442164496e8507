"""Memory and time that the connections of one worker share."""
