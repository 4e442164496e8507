"""A module whose import exceeds the timeout of any init phase."""

import time

time.sleep(600)
