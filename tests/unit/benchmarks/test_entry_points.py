import importlib
from pathlib import Path

import pytest
from benchmarks.contenders.entry_points import lambda_handler, launch_module
from benchmarks.contenders.peers import CHECKOUT

from django_runtimes.cli.tool_error import UsageError


def test_the_current_code_starts_with_its_images_entry_point():
    assert f'ENTRYPOINT ["python", "-m", "{launch_module(CHECKOUT)}"]' in (CHECKOUT / "Dockerfile").read_text()


def test_the_current_handler_is_the_handler_that_the_image_starts():
    launch = importlib.import_module(launch_module(CHECKOUT))

    assert lambda_handler(CHECKOUT) == launch._WEB_HANDLER


def test_a_checkout_without_a_known_entry_point_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="has none of the modules"):
        launch_module(tmp_path)
