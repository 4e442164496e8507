"""An image's size is checked before the image is pushed."""

import pytest

from django_runtimes.cli.tool_error import ToolError
from django_runtimes.deploy.aws.images import refuse_too_large


def test_an_image_above_lambdas_limit_is_refused():
    with pytest.raises(ToolError, match=r"the image is 11.0 GB, but Lambda, .* accepts at most 10 GB; exclude"):
        refuse_too_large(11 * 1024**3)


def test_an_image_at_lambdas_limit_is_accepted():
    refuse_too_large(10 * 1024**3)
