/** Ways for a probe to end early. */
import { IsthmusError } from '../../../model/errors.ts'

/**
 * Ends a probe whose findings contradict the declaration. @throws IsthmusError CONNECTOR_PROBE_FAILED always
 */
export function fail(words: string): never {
  throw new IsthmusError('CONNECTOR_PROBE_FAILED', words)
}

/** Ends a probe that can't be run here. @throws IsthmusError CONNECTOR_PROBE_SKIPPED always */
export function skip(words: string): never {
  throw new IsthmusError('CONNECTOR_PROBE_SKIPPED', words)
}

/** Ends a probe unless the condition holds. @throws IsthmusError CONNECTOR_PROBE_FAILED when it does not */
export function check(condition: boolean, words: string): asserts condition {
  if (!condition) fail(words)
}
