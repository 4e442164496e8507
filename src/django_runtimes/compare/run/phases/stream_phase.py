"""Measures the streams of a workload: each target in turn gets one request at a time."""

from collections.abc import Callable

from django_runtimes.compare.load.block import TIMEOUT
from django_runtimes.compare.load.generator import LoadGenerator
from django_runtimes.compare.load.streamed_outcome import StreamedOutcome
from django_runtimes.compare.run.stream_samples import StreamSamples
from django_runtimes.compare.run.subject import Subject
from django_runtimes.compare.targets.target import expect_answer
from django_runtimes.compare.workload.workload import RequestTemplate, Workload


class StreamPhase:
    """The streams of a run, in rounds."""

    def __init__(self, workload: Workload, generator_of: Callable[[Subject], LoadGenerator]) -> None:
        self._workload = workload
        self._generator_of = generator_of

    async def round(self, subject: Subject) -> None:
        """Ask the target once for each stream; its first answer is not counted, and fails the target if it is wrong.

        A stream that did not end within the client's timeout is not asked for again.
        """
        for template in subject.streams_of(self._workload):
            samples = subject.streams.get(template.name)
            if samples is None:
                streamed, _ = await self._measured(subject, template)
                samples = subject.streams[template.name] = StreamSamples()
                if streamed.outcome.error == TIMEOUT:
                    samples.add(streamed, ())
                else:
                    expect_answer(streamed.outcome)
            elif not samples.is_endless:
                samples.add(*await self._measured(subject, template))

    async def _measured(self, subject: Subject, template: RequestTemplate) -> tuple[StreamedOutcome, list[float]]:
        """Return the outcome, and the durations that the function has taken for it."""
        target = subject.target
        handled = len(target.handler_durations_ms)
        streamed = await self._generator_of(subject).stream(
            target.url, template, ledger=subject.ledger, users=subject.users
        )
        return streamed, list(target.handler_durations_ms[handled:])
