/** What a seed means: which systems there are, what they can do, what is synced between them, and for how long things go wrong. */
import type { RemoteCapabilities } from '../../src/connectors/kit/contract.ts'
import type {
  ConflictPolicy,
  Entity,
  EntitySystem,
  Field,
  Integration,
  Lens,
  SystemField,
  SystemSettings,
} from '../../src/model/integration.ts'
import type { CanonicalValue, FieldType, NativeRecord } from '../../src/model/values.ts'
import { Chance } from './chance.ts'

/** What one simulated system is like. */
export interface SystemTraits {
  readonly name: string
  readonly capabilities: RemoteCapabilities
  /** Names are cut to six characters, as declared or behind everybody's back. */
  readonly truncates: 'no' | 'declared' | 'undeclared'
  /** Rewrites the phone number on each write that comes in through its API. */
  readonly mutates: boolean
  readonly webhooks: 'none' | 'reliable' | 'lossy'
  readonly polls: boolean
  /** Answers nothing at all from some time on, for ever. */
  readonly diesAt: number | undefined
}

export interface Scenario {
  readonly seed: number
  readonly start: number
  /** Faults and edits stop here. */
  readonly faultsUntil: number
  /** Everything must have settled by now. */
  readonly settledBy: number
  readonly systems: readonly SystemTraits[]
  readonly integration: Integration
  /** Orders that refer to customers take part. */
  readonly references: boolean
  readonly deletes: boolean
  readonly leaseMs: number
  /** Everybody edits the same one customer without a break: the windows between look, commit and effect are always hit. */
  readonly crowded: boolean
  /** Times at which somebody imports or changes many records in one moment. */
  readonly bulk: readonly number[]
  /** Times at which somebody gives a thing another code: the value that records are matched by. */
  readonly recodes: readonly number[]
}

export const customer = 'customer'
export const order = 'order'
/** Mapped text fields of a customer that users edit. */
export const editable = ['name', 'phone'] as const
export const markerField = 'ext'
/** Wide enough that a cut token is recognised as what is left of it, and still names its edit. */
const cut = 6

const laterTraits = 0x5eed0000

const readTimeoutMs = 1500
const writeTimeoutMs = 1500

export function makeScenario(seed: number, chance: Chance): Scenario {
  const start = 1e12
  const count = chance.of(0.6) ? 2 : 3
  const faultsMs = chance.int(15_000, 40_000)
  const mutators = chance.of(0.05)
  const names = ['alpha', 'beta', 'gamma'].slice(0, count)
  // A chance of its own: traits that came later leave the schedules of the older seeds as they were.
  const later = new Chance(seed + laterTraits)
  const systems = names.map((name, index) => {
    const diesAt = index === 2 && chance.of(0.3) ? start + faultsMs / 2 : undefined
    return withBatches(makeTraits(name, chance, mutators, diesAt), later)
  })
  const references = chance.of(0.4)
  const deletes = chance.of(0.5)
  return {
    seed,
    start,
    faultsUntil: start + faultsMs,
    settledBy: start + faultsMs + 120_000,
    systems,
    integration: makeIntegration(systems, chance, { references, deletes }),
    references,
    deletes,
    leaseMs: 6_000,
    crowded: chance.of(0.3),
    bulk: systems.some(({ capabilities }) => capabilities.writeBatch !== undefined)
      ? Array.from({ length: later.int(2, 5) }, () => start + later.int(2_000, faultsMs))
      : [],
    recodes: later.of(0.3)
      ? Array.from({ length: later.int(2, 6) }, () => start + later.int(1_000, faultsMs))
      : [],
  }
}

/** Some systems take several records in one call. */
function withBatches(traits: SystemTraits, chance: Chance): SystemTraits {
  if (!chance.of(0.35)) return traits
  return { ...traits, capabilities: { ...traits.capabilities, writeBatch: chance.int(2, 8) } }
}

function makeTraits(
  name: string,
  chance: Chance,
  mutates: boolean,
  diesAt: number | undefined,
): SystemTraits {
  const versioned = chance.of(0.7)
  const conditional = versioned && chance.of(0.65)
  const cutting = chance.of(0.3)
  const lagging = chance.of(0.5)
  const create = chance.pick([
    'clientId',
    'upsertKey',
    'idempotencyKey',
    'marker',
    'naturalKey',
    'none',
  ] as const)
  const feed = chance.of(0.5)
  return {
    name,
    capabilities: {
      read: { lagMs: lagging ? chance.int(100, 1500) : 0, batch: chance.of(0.3) ? 20 : 1 },
      search: { lagMs: chance.of(0.5) ? chance.int(100, 3000) : 0 },
      version: versioned ? (chance.of(0.8) ? 'ordered' : 'opaque') : 'none',
      conditionalWrites: conditional,
      write: chance.of(0.25) ? 'put' : 'patch',
      nested: 'merge',
      writeReturns: chance.pick(['body+version', 'body', 'nothing'] as const),
      create,
      ...(create === 'idempotencyKey' && {
        idempotency: { ttlMs: chance.int(5000, 20_000), replaysErrors: chance.of(0.4) },
      }),
      inflightMs: chance.int(500, 4000),
      list: { paging: chance.of(0.85) ? 'keyset' : 'offset', pageSize: chance.int(2, 10) },
      changes: feed
        ? { cursor: 'seq', commitLagMs: chance.of(0.5) ? chance.int(0, 2000) : 0 }
        : { cursor: 'none', commitLagMs: 0 },
      deletes: chance.of(0.6) ? 'feed' : 'byId',
      remove: 'delete',
    },
    truncates: cutting ? (chance.of(0.35) ? 'undeclared' : 'declared') : 'no',
    mutates,
    webhooks: chance.pick(['none', 'reliable', 'lossy', 'lossy'] as const),
    polls: feed && chance.of(0.8),
    diesAt,
  }
}

function makeIntegration(
  systems: readonly SystemTraits[],
  chance: Chance,
  what: { readonly references: boolean; readonly deletes: boolean },
): Integration {
  const rank = chance.shuffle(systems.map((system) => system.name))
  const entities = new Map<string, Entity>()
  entities.set(customer, makeCustomer(systems, chance, rank, what.deletes))
  if (what.references) entities.set(order, makeOrder(systems, rank, chance))
  return {
    id: 'simulated',
    version: 'v1',
    systems: new Map(systems.map((system) => [system.name, settingsOf(system.name)])),
    entities,
  }
}

function settingsOf(name: string): SystemSettings {
  return {
    name,
    connector: 'simulated',
    config: {},
    timing: { readTimeoutMs, writeTimeoutMs, concurrency: 8 },
  }
}

function policyOf(chance: Chance, rank: readonly string[]): ConflictPolicy {
  const roll = chance.next()
  if (roll < 0.65) return { kind: 'prefer', rank }
  if (roll < 0.85) return { kind: 'latest', skewMs: chance.int(0, 2000), rank }
  return { kind: 'manual' }
}

function makeCustomer(
  systems: readonly SystemTraits[],
  chance: Chance,
  rank: readonly string[],
  deletes: boolean,
): Entity {
  const fields = new Map<string, Field>([
    ['code', field('code', { kind: 'string' }, { kind: 'prefer', rank }, true)],
    ['name', field('name', { kind: 'string' }, policyOf(chance, rank))],
    ['phone', field('phone', { kind: 'string' }, policyOf(chance, rank))],
    ['tags', field('tags', { kind: 'set', of: { kind: 'string' } }, { kind: 'union' })],
  ])
  return entityOf(customer, fields, systems, [{ kind: 'exact', fields: ['code'] }], deletes)
}

function makeOrder(systems: readonly SystemTraits[], rank: readonly string[], chance: Chance): Entity {
  const fields = new Map<string, Field>([
    ['code', field('code', { kind: 'string' }, { kind: 'prefer', rank }, true)],
    ['buyer', field('buyer', { kind: 'ref', entity: customer }, { kind: 'prefer', rank })],
    ['note', field('note', { kind: 'string' }, policyOf(chance, rank))],
  ])
  return entityOf(order, fields, systems, [{ kind: 'exact', fields: ['code'] }], false)
}

function field(name: string, type: FieldType, policy: ConflictPolicy, required = false): Field {
  return { name, type, policy, required, normalise: (value) => value }
}

function entityOf(
  name: string,
  fields: ReadonlyMap<string, Field>,
  systems: readonly SystemTraits[],
  match: Entity['match'],
  deletes: boolean,
): Entity {
  const wide = { share: 1, atLeast: 10_000 }
  return {
    name,
    fields,
    systems: new Map(systems.map((system) => [system.name, partOf(name, fields, system)])),
    match,
    rules: [],
    delete: { from: deletes ? systems.map((s) => s.name) : [], action: 'delete', confirmMs: 3000 },
    guard: { create: wide, update: wide, delete: wide },
    oscillationLimit: 5,
  }
}

function partOf(entity: string, fields: ReadonlyMap<string, Field>, system: SystemTraits): EntitySystem {
  const marked = ['clientId', 'upsertKey', 'marker'].includes(system.capabilities.create)
  return {
    system: system.name,
    resource: entity,
    direction: 'both',
    operations: { create: true, update: true, delete: true },
    ...(marked && { key: markerField }),
    fields: new Map([...fields.keys()].map((name) => [name, systemField(name, system)])),
    lens: lensOf(fields),
    inScope: () => true,
    triggers: [
      ...(system.webhooks === 'none' ? [] : [{ kind: 'webhook', name: 'changed' } as const]),
      ...(system.polls ? [{ kind: 'poll', everyMs: 3000 } as const] : []),
    ],
  }
}

function systemField(name: string, system: SystemTraits): SystemField {
  const cuts = name === 'name' && system.truncates === 'declared'
  return {
    name,
    readable: true,
    writable: true,
    normalise: cuts ? cutText : (value) => value,
    neverOrigin: false,
    acceptRaceWindow: true,
    nullable: name === 'buyer',
  }
}

/** What a cutting system keeps of a text. */
export function cutText<T>(value: T): T | string {
  return typeof value === 'string' ? value.slice(0, cut) : value
}

/** Mapped properties have the canonical names; sets are joined by commas; references are native ids. */
function lensOf(fields: ReadonlyMap<string, Field>): Lens {
  return {
    read(native) {
      const values: Record<string, CanonicalValue> = {}
      for (const [name, { type }] of fields) {
        const value = native[name]
        if (value === undefined) continue
        values[name] = toCanonical(type, value)
      }
      return { values, problems: [] }
    },
    write(values) {
      const patch: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(values)) {
        const type = fields.get(name)?.type
        patch[name] = toNative(type, value)
      }
      return { patch: patch as NativeRecord, problems: [] }
    },
  }
}

function toNative(type: FieldType | undefined, value: CanonicalValue): unknown {
  if (type?.kind === 'set' && Array.isArray(value)) return value.join(',')
  return type?.kind === 'ref' && typeof value === 'string' ? value.replace(/^ref:/, '') : value
}

function toCanonical(type: FieldType, value: unknown): CanonicalValue {
  if (value === null) return null
  const text = String(value)
  if (type.kind === 'set') return text === '' ? [] : [...new Set(text.split(','))].sort()
  return type.kind === 'ref' ? `ref:${text}` : text
}
