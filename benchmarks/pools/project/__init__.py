"""The project of every contender, which needs nothing but Django and the contender's packages."""
