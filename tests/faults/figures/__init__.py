"""What a case measures, and how its figures are judged and reported."""
