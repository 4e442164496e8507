from benchmarks.measurements.wrk import Load, load_from

# wrk 4.1 prints its own summary first, then the line from summary.lua.
OUTPUT = """Running 2s test @ http://127.0.0.1:8000/items
  1 threads and 16 connections
  2400 requests in 2.00s, 5.10MB read
  Non-2xx or 3xx responses: 400
Requests/sec:   1200.00
{"answers": 2400, "duration_us": 2000000, "refused": 400, "broken": 3, "p50_us": 8500, "p99_us": 21250}
"""


def test_refused_requests_do_not_count_as_good_responses():
    assert load_from(OUTPUT) == Load(good_per_s=1_000.0, p50_ms=8.5, p99_ms=21.25, answers=2_400, refused=400, broken=3)
