"""AWS's prices and billing rules, each with its source and date."""
