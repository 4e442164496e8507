from django_runtimes.compare.record.timeline import BackendTimeline, TimelineRecorder, phase_starts


def recorded(samples: dict[float, int]) -> BackendTimeline:
    recorder = TimelineRecorder()
    for elapsed_s, held in samples.items():
        recorder.add(elapsed_s, held)
    return recorder.timeline()


def test_each_interval_has_its_peak():
    assert recorded({0.1: 2, 0.3: 5, 0.6: 1, 1.2: 4}) == BackendTimeline(0.5, (5, 1, 4))


def test_an_interval_without_samples_repeats_the_last_number():
    assert recorded({0.1: 3, 2.1: 0}) == BackendTimeline(0.5, (3, 3, 3, 3, 0))


def test_long_runs_have_longer_intervals_and_keep_their_peaks():
    timeline = recorded({second / 2: 9 if second == 777 else 1 for second in range(1_000)})

    assert timeline.interval_s == 2.0
    assert len(timeline.peaks) == 250
    assert max(timeline.peaks) == timeline.peaks[777 // 4] == 9


def test_phases_of_a_run_without_them_are_empty():
    assert phase_starts({}) == {}
    assert phase_starts({"phases": {"first requests": 0.5, "damaged": "x"}}) == {"first requests": 0.5}
