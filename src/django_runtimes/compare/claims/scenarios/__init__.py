"""The scenarios: each module has one claim, its measurement and the rule for its verdict."""
