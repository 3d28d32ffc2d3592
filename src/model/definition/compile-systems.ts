import type { SystemSettings } from '../integration.ts'
import { durationMs } from './duration.ts'
import { type Finding, problem } from './finding.ts'
import { nearest } from './nearest.ts'
import { type SystemDefinition, systemSchema } from './schema/systems.ts'

/**
 * Settings of every system; `connector` and `timing` belong to the engine, the rest is the connector's
 * configuration.
 */
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

/**
 * Keys of a system are open, because connectors have their own; a likely misspelling of a known key is
 * refused nevertheless.
 */
export function systemKeys(definition: unknown): Finding[] {
  const known = Object.keys(systemSchema.shape)
  return entriesOf(Reflect.get(Object(definition), 'systems')).flatMap(([name, system]) => {
    const keys = entriesOf(system).map(([key]) => key)
    const free = known.filter((key) => !keys.includes(key))
    return keys.flatMap((key): Finding[] => {
      const meant = known.includes(key) ? undefined : nearest(key, free)
      if (meant === undefined) return []
      const finding = problem(
        'unknown-key',
        ['systems', name, key],
        `unknown key ${key}`,
        `did you mean ${meant}?`,
      )
      return [{ ...finding, at: 'key' }]
    })
  })
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}
