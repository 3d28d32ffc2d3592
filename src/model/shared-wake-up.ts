/**
 * Long waits of a process end at the same moments, so that an idle process wakes up once for all of them.
 *
 * What a wake-up of a process at rest costs is mostly the loading of code and data that left the processor's
 * caches since the last one. A second timer that fires at the same moment finds them there.
 */

/** Distance of the moments. */
const stepMs = 5_000

/** Shorter waits are exact: something depends on them. */
const sharedFromMs = stepMs

/**
 * Returns a wait that ends at the last common moment within `ms`, or at the first one if that is too near; a
 * short wait is returned as it is.
 *
 * @param now the process's monotonic clock (`performance.now()`), which all callers share
 */
export function untilSharedWakeUp(ms: number, now: number): number {
  if (ms < sharedFromMs || !Number.isFinite(ms)) return ms
  const shortened = Math.ceil(ms - ((now + ms) % stepMs))
  // A timer may fire a moment early: the moment that has just begun is not waited for again.
  return shortened >= 1_000 ? shortened : shortened + stepMs
}
