/** An integration of in-memory systems: one entity with a name and an e-mail address, the same in each system, matched by the address. */
import type { Entity, EntitySystem, Field, Integration, SystemField } from '../../../src/model/integration.ts'
import type { Lens } from '../../../src/model/lens/contract.ts'
import type { CanonicalDocument, CanonicalValue, NativeRecord } from '../../../src/model/values.ts'

export interface MemoryIntegrationOptions {
  readonly systems: readonly string[]
  readonly change?: (entity: Entity) => Entity
  readonly part?: (part: EntitySystem) => EntitySystem
}

const same = (value: CanonicalValue): CanonicalValue => value
const fields = ['name', 'email'] as const

export function memoryIntegration(options: MemoryIntegrationOptions): Integration {
  const change = options.change ?? ((entity) => entity)
  const part = options.part ?? ((entitySystem) => entitySystem)
  const entity = change({
    name: 'thing',
    fields: new Map(fields.map((name) => [name, field(name, options.systems)])),
    systems: new Map(options.systems.map((system) => [system, part(entitySystem(system))])),
    match: [{ kind: 'exact', fields: ['email'] }],
    rules: [],
    delete: { from: options.systems, action: 'delete', confirmMs: 60_000 },
    guard: {
      create: { share: 0.5, atLeast: 1000 },
      update: { share: 0.5, atLeast: 1000 },
      delete: { share: 0.01, atLeast: 10 },
    },
    oscillationLimit: 5,
  })
  return {
    id: 'twins',
    version: 'v1',
    systems: new Map(
      options.systems.map((name) => [
        name,
        {
          name,
          connector: 'memory-test',
          config: {},
          timing: { readTimeoutMs: 1000, writeTimeoutMs: 1000, concurrency: 16 },
        },
      ]),
    ),
    entities: new Map([[entity.name, entity]]),
  }
}

function field(name: string, rank: readonly string[]): Field {
  return {
    name,
    type: { kind: 'string' },
    required: false,
    normalise: same,
    policy: { kind: 'prefer', rank },
  }
}

function entitySystem(system: string): EntitySystem {
  return {
    system,
    resource: 'things',
    direction: 'both',
    operations: { create: true, update: true, delete: true },
    fields: new Map(fields.map((name) => [name, systemField(name)])),
    lens,
    inScope: (native) => native.hidden !== true,
    triggers: [],
  }
}

function systemField(name: string): SystemField {
  return {
    name,
    readable: true,
    writable: true,
    normalise: same,
    neverOrigin: false,
    acceptRaceWindow: true,
    nullable: true,
  }
}

const lens: Lens = {
  read(native: NativeRecord) {
    const values: Record<string, CanonicalValue> = {}
    for (const name of fields) {
      const value = native[name]
      if (typeof value === 'string' || value === null) values[name] = value
    }
    return { values, problems: [] }
  },
  write(values: CanonicalDocument) {
    return { patch: { ...values }, problems: [] }
  },
}
