"""The monthly bill of every target, from a run's measurements and AWS's prices."""
