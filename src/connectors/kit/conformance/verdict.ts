/** How a probe ends before its end. */
import { IsthmusError } from '../../../model/errors.ts'

/** Ends a probe: what was found contradicts what is declared. @throws IsthmusError CONNECTOR_PROBE_FAILED always */
export function fail(words: string): never {
  throw new IsthmusError('CONNECTOR_PROBE_FAILED', words)
}

/** Ends a probe: it can't be tried here. @throws IsthmusError CONNECTOR_PROBE_SKIPPED always */
export function skip(words: string): never {
  throw new IsthmusError('CONNECTOR_PROBE_SKIPPED', words)
}

/** Ends a probe unless something holds. @throws IsthmusError CONNECTOR_PROBE_FAILED when it does not */
export function check(condition: boolean, words: string): asserts condition {
  if (!condition) fail(words)
}
