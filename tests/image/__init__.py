"""Tests of the image, started as every runtime starts it; `make image-test` runs them."""
