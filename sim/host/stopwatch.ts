/** Real time, for progress lines and figures; no run ever sees it. */

/** Starts a stopwatch; the function it returns reads seconds. */
export function startStopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1_000;
}

/** Megabytes of memory that this process occupies. */
export function residentMegabytes(): number {
  return Math.round(process.memoryUsage.rss() / 1_000_000);
}
