/** The connector `memory`: a system in memory with configurable capabilities, for rehearsals and tests. */
import { parseConfig } from '../kit/config-findings.ts'
import type { ConnectedSystem, Resource } from '../kit/contract.ts'
import { defineConnector } from '../kit/define-connector.ts'
import { resourceNamed } from '../kit/resource-lookup.ts'
import { type MemoryClock, MemoryCounterpart } from './client.ts'
import { type MemoryConfig, type MemoryConfigInput, memoryConfig } from './config.ts'
import { bindMemoryResource } from './resources.ts'
import { bindWebhooks } from './webhooks.ts'

/** The connector as a definition names it. */
export const memory = defineConnector({
  name: 'memory',
  config: memoryConfig,
  connect: (config, { name, dependencies }) =>
    bind(name, config, dependencies.clock, dependencies.random ?? Math.random).system,
})

/** A system in memory, with the controls that a test or a rehearsal needs. */
export interface MemorySystem {
  /** The connector's side, used by the engine. */
  readonly system: ConnectedSystem
  /** The controls of a test on the same data. */
  readonly twin: MemoryCounterpart
}

/** Creates a system in memory. @throws UsageError CONNECTOR_CONFIG_INVALID */
export function createMemorySystem(options: {
  /** Name of the system in the definition. */
  readonly name: string
  /** The section of the definition. */
  readonly config: MemoryConfigInput
  /** The clock of the system. */
  readonly clock: MemoryClock
  /** [0, 1): age of a response within the declared lag. @default always as old as allowed */
  readonly random?: () => number
}): MemorySystem {
  const config = parseConfig(memoryConfig, options.config, `systems.${options.name}`)
  return bind(options.name, config, options.clock, options.random ?? (() => 1))
}

function bind(name: string, config: MemoryConfig, clock: MemoryClock, random: () => number): MemorySystem {
  const twin = new MemoryCounterpart(name, config.resources, clock)
  const resources = new Map<string, Resource>()
  for (const [resource, table] of twin.tables) {
    resources.set(resource, bindMemoryResource({ name: resource, twin, table, clock, random }))
  }
  const webhook = bindWebhooks(config.webhooks)
  const system: ConnectedSystem = {
    name,
    connector: 'memory',
    resource: (resource) => resourceNamed(resources, resource, name),
    fingerprint: async () => ({ kind: 'known', value: twin.account }),
    ...(webhook === undefined ? {} : { webhook }),
    close: async () => {},
  }
  return { system, twin }
}
