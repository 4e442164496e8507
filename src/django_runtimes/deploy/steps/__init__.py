"""The steps of a deploy; each reads from AWS what is done already, so that it can be repeated."""
