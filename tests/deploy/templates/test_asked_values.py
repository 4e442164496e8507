"""`doctor aws` and `deploy` ask AWS about every value of the templates that AWS may refuse."""

import pytest

from django_runtimes.deploy.preflight.references.arn_check import ARN_PARAMETERS
from tests.deploy.templates.analysis.stacks import read_template, template_names

pytestmark = pytest.mark.profile_free


def test_every_parameter_with_an_arn_is_compared_with_the_stage():
    found = {
        parameter
        for name in template_names()
        for parameter, declared in read_template(name).get("Parameters", {}).items()
        if "arn:" in declared.get("AllowedPattern", "") or parameter.endswith("Arn")
    }

    assert found == set(ARN_PARAMETERS)
