"""Tests of the image itself, as every runtime starts it; run by `make image-test`."""
