import os

from django_runtimes.compare.emulator.container_limits import LIMITS, ContainerLimits, lambda_vcpus
from django_runtimes.config.values.runtime import Runtime


def test_lambda_gives_cpu_time_in_proportion_to_memory():
    assert ContainerLimits.of_lambda(1_769) == ContainerLimits(cpus=1.0, memory_mb=1_769)
    assert ContainerLimits.of_lambda(512) == ContainerLimits(cpus=0.289, memory_mb=512)


def test_a_function_gets_at_most_the_cpus_of_this_machine():
    assert lambda_vcpus(10_240) == 5.789
    assert ContainerLimits.of_lambda(10_240).cpus == min(5.789, len(os.sched_getaffinity(0)))


def test_every_runtime_has_limits_and_the_same_cpu():
    assert set(LIMITS) == set(Runtime)
    assert {limits.cpus for limits in LIMITS.values()} == {1.0}


def test_limits_are_shown_in_words():
    assert str(ContainerLimits(0.5, 1_024)) == "0.5 CPU and 1,024 MB"
