/** What the status is judged by, from the definition's objectives. */
import type { Watch } from '../integration.ts'
import type { IntegrationDefinition } from './schema/root.ts'
import { durationMs } from './schema/text.ts'

/** What holds where the definition says nothing. */
export const defaultWatch: Watch = Object.freeze({ freshness: new Map(), staleAfterMs: 15 * 60_000 })

/** The objectives that say when a silence or a wait is too long. Of several for one system, the shortest counts. */
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
