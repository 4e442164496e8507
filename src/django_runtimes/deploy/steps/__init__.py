"""The steps of a deploy; each reads its progress from AWS, so that it can be repeated."""
