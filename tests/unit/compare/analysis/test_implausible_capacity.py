from django_runtimes.compare.analysis.implausible_capacity import (
    FoundCapacity,
    ImplausibleCapacity,
    found_capacities,
    implausible_capacities,
    similar_key,
)
from django_runtimes.compare.record.capacity import Capacity
from tests.unit.compare.recommendation.runs import ECS, target_of

FUNCTION = similar_key("aws_lambda/per_request/proxy", "proxy", "emulated")


def found(name: str, rate_rps: float, *, client_rps: float | None = None, is_generators: bool = False) -> FoundCapacity:
    return FoundCapacity(name, FUNCTION, "read", Capacity(rate_rps, is_generators=is_generators), client_rps)


def test_a_capacity_far_below_those_of_similar_targets_is_implausible():
    capacities = [found("a", 88.0), found("b", 17.0), found("c", 60.0), found("d", 90.0)]

    assert implausible_capacities(capacities) == [
        ImplausibleCapacity("b", "read", 17.0, 88.0, "which similar targets keep up with")
    ]


def test_a_capacity_below_the_rate_of_a_single_client_is_implausible():
    capacities = [found("a", 17.0, client_rps=88.0), found("b", 40.0, client_rps=88.0)]

    assert implausible_capacities(capacities) == [
        ImplausibleCapacity("a", "read", 17.0, 88.0, "which a single client reaches at its mean latency")
    ]


def test_the_limit_of_the_load_generator_is_not_implausible():
    assert implausible_capacities([found("a", 17.0, client_rps=88.0, is_generators=True), found("b", 88.0)]) == []


def test_targets_with_another_runtime_route_size_or_label_are_not_similar():
    keys = {
        similar_key("aws_lambda/per_request/proxy", "proxy", "emulated"),
        similar_key("aws_lambda/per_request/direct", "direct", "emulated"),
        similar_key("aws_lambda/per_request/proxy@512", "proxy", "emulated"),
        similar_key("aws_lambda/per_request/proxy", "proxy", "deployed"),
        similar_key("aws_ecs/pool/direct", "direct", "emulated"),
    }

    assert len(keys) == 5
    assert similar_key("aws_ecs/pool/direct", "direct", "emulated") == similar_key(
        "aws_app_runner/pool/direct", "direct", "emulated"
    )


def test_a_single_client_reaches_the_rate_of_its_mean_latency():
    target = target_of(ECS, 20.0)
    target.capacities["read"] = Capacity(9.0)

    (capacity,) = found_capacities([target])

    assert capacity.client_rps is not None
    assert round(capacity.client_rps) == 50
    assert [each.target for each in implausible_capacities([capacity])] == [ECS]
