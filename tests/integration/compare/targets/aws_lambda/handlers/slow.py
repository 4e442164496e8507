"""A module whose import takes longer than any init phase may."""

import time

time.sleep(60)
