"""Tests claims about Django's database connections and starts, each in a scenario of real parts."""
