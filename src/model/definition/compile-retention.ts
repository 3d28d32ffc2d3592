/** Converts the retention periods of the definition to milliseconds. */
import type { Retention } from '../integration.ts'
import { durationMs } from './duration.ts'
import type { IntegrationDefinition } from './schema/root.ts'

const day = 86_400_000

/** Values that the definition does not specify. */
export const defaultRetention: Retention = Object.freeze({
  historyMs: 400 * day,
  deadLettersMs: 90 * day,
  deliveriesMs: 30 * day,
})

/** The intervals of the definition, with the defaults for those it leaves out. */
export function compileRetention(written: IntegrationDefinition['retention']): Retention {
  const { history, deadLetters, deliveries } = written ?? {}
  return {
    historyMs: durationMs(history ?? '') ?? defaultRetention.historyMs,
    deadLettersMs: durationMs(deadLetters ?? '') ?? defaultRetention.deadLettersMs,
    deliveriesMs: durationMs(deliveries ?? '') ?? defaultRetention.deliveriesMs,
  }
}
