/** Limits for the status, from the definition's objectives. */
import type { Watch } from '../integration.ts'
import { durationMs } from './duration.ts'
import type { IntegrationDefinition } from './schema/root.ts'

/** Values that the definition does not specify. */
export const defaultWatch: Watch = Object.freeze({ freshness: new Map(), staleAfterMs: 15 * 60_000 })

/** The objectives that limit a silence or a wait. Of several for one system, the shortest is used. */
export function compileWatch(objectives: IntegrationDefinition['objectives']): Watch {
  const freshness = new Map<string, number>()
  for (const { system, within } of [objectives?.freshness ?? []].flat()) {
    const ms = durationMs(within)
    if (ms !== undefined) freshness.set(system, Math.min(ms, freshness.get(system) ?? ms))
  }
  return {
    freshness,
    staleAfterMs: durationMs(objectives?.staleAfter ?? '') ?? defaultWatch.staleAfterMs,
  }
}
