"""What a deploy consists of; each step finds out from AWS what is done already, so that it can be repeated."""
