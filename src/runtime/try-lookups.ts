/**
 * Lookups of rules for `isthmus try`: sent in the same way as by the engine, if the credentials are
 * available.
 */
import type { ConnectedSystem, LookupResult } from '../connectors/kit/contract.ts'
import { connectSystem } from '../connectors/registry.ts'
import type { LookupQuestion } from '../model/lookup.ts'
import { createClock } from './clock.ts'
import type { TryOptions } from './try-options.ts'

/** The lookups of a definition, connected for a trial. */
export interface OpenLookups {
  readonly ask: (question: LookupQuestion) => Promise<LookupResult>
  close(): Promise<void>
}

/**
 * Systems are connected on their first lookup. A record from a file is tried without credentials, so no
 * lookups are sent.
 */
export function openLookups(options: TryOptions): OpenLookups {
  const { loaded, from, connectors, baseDirectory, signal } = options
  const { integration } = loaded
  const open = new Map<string, ConnectedSystem>()
  const ask = async (question: LookupQuestion): Promise<LookupResult> => {
    const name = integration.lookups?.get(question.lookup) ?? ''
    const settings = integration.systems.get(name)
    if (settings === undefined || 'json' in from) {
      return unknown('lookups are not sent for a record from a file')
    }
    const dependencies = options.dependenciesOf?.(settings) ?? { clock: createClock(), baseDirectory }
    const system = open.get(name) ?? connectSystem(settings, dependencies, connectors)
    open.set(name, system)
    const timeout = AbortSignal.timeout(settings.timing.readTimeoutMs)
    const until = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    const response = await system.lookup?.(question, { signal: until, priority: 'hand' })
    return response ?? unknown(`${name} answers nothing`)
  }
  return {
    ask,
    close: async () => void (await Promise.allSettled([...open.values()].map((system) => system.close()))),
  }
}

function unknown(message: string): LookupResult {
  return { kind: 'unknown', failure: { code: 'LOOKUP_FAILED', message, scope: 'record' } }
}
