import type { SystemSettings } from '../integration.ts'
import { problem } from './finding.ts'
import { nearest } from './nearest.ts'
import { type Report, reportUnder } from './report.ts'
import { type SystemDefinition, systemSchema } from './schema/systems.ts'
import { durationMs } from './schema/text.ts'

/** Settings of every system; `connector` and `timing` are the engine's, the rest is the connector's configuration. */
export function compileSystems(
  systems: Readonly<Record<string, SystemDefinition>>,
): ReadonlyMap<string, SystemSettings> {
  return new Map(Object.entries(systems).map(([name, system]) => [name, systemSettings(name, system)]))
}

function systemSettings(name: string, system: SystemDefinition): SystemSettings {
  const { connector, timing, ...config } = system
  return {
    name,
    connector,
    config,
    timing: {
      readTimeoutMs: durationMs(timing?.readTimeout ?? '') ?? 10_000,
      writeTimeoutMs: durationMs(timing?.writeTimeout ?? '') ?? 10_000,
      concurrency: system.limits?.concurrency ?? 16,
    },
  }
}

/** Keys of a system are open, because connectors have their own; one that is a slip of a known key is refused all the same. */
export function checkSystemKeys(systems: Readonly<Record<string, SystemDefinition>>, report: Report): void {
  const known = Object.keys(systemSchema.shape)
  for (const [name, system] of Object.entries(systems)) {
    const under = reportUnder(report, ['systems', name])
    for (const key of Object.keys(system)) {
      if (known.includes(key)) continue
      const meant = nearest(
        key,
        known.filter((candidate) => !Object.hasOwn(system, candidate)),
      )
      if (meant === undefined) continue
      under({ ...problem('unknown-key', [key], `unknown key ${key}`, `did you mean ${meant}?`), at: 'key' })
    }
  }
}
