-- wrk's own summary has too few digits, and does not combine a p99 with counts of errors.
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"answers": %d, "duration_us": %d, "refused": %d, "broken": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
