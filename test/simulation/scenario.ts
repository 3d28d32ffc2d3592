/** Derives a scenario from a seed: the systems and their capabilities, the data synced between them, and how long faults occur. */
import type { RemoteCapabilities } from '../../src/connectors/kit/capabilities.ts'
import type { Integration } from '../../src/model/integration.ts'
import { Chance } from './chance.ts'
import { compilePlan, type DefinitionPlan, nextPlan, planDefinition } from './definition.ts'
import { chanceOf, type KindChoice, type Kinds, kindsOf } from './kinds.ts'

/** The properties of one simulated system. */
export interface SystemTraits {
  readonly name: string
  readonly capabilities: RemoteCapabilities
  /** Names are truncated to six characters, declared or undeclared. */
  readonly truncates: 'no' | 'declared' | 'undeclared'
  /** Rewrites the phone number on each write through its API. */
  readonly mutates: boolean
  readonly webhooks: 'none' | 'reliable' | 'lossy'
  readonly polls: boolean
  /** Interval of polls. */
  readonly pollMs: number
  /** Its feed and its lists fail from the first to the second time. */
  readonly deafFrom: number | undefined
  readonly deafUntil: number
  /** Also contains records that are out of scope. */
  readonly scoped: boolean
  /** Fills in a phone number that a create leaves out. */
  readonly fills: boolean
  /** Permanently returns an empty result from some time on. */
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
  readonly kinds: Kinds
  readonly integration: Integration
  /** The definition of later processes, and when it is bound. */
  readonly next:
    | { readonly at: number; readonly integration: Integration; readonly movedAt: string | undefined }
    | undefined
  /** Orders that refer to customers are synced too. */
  readonly references: boolean
  readonly deletes: boolean
  readonly leaseMs: number
  /** All users edit the same customer continually: the windows between read, commit and effect are always hit. */
  readonly crowded: boolean
  /** Times at which a user imports or changes many records at once. */
  readonly bulk: readonly number[]
  /** Times at which a user changes the code of a record, the value by which records are matched. */
  readonly recodes: readonly number[]
}

const laterTraits = 0x5eed0000

export interface ScenarioOptions {
  readonly kinds: KindChoice
  readonly broken: ReadonlySet<string>
}

export function makeScenario(seed: number, chance: Chance, options: ScenarioOptions): Scenario {
  const start = 1e12
  const kinds = kindsOf(seed, options.kinds)
  const count = chance.of(0.6) ? 2 : 3
  const faultsMs = chance.int(15_000, 40_000)
  const mutators = chance.of(0.05)
  const names = ['alpha', 'beta', 'gamma'].slice(0, count)
  // A separate random source: traits added later leave the schedules of older seeds unchanged.
  const later = new Chance(seed + laterTraits)
  const systems = names.map((name, index) => {
    const diesAt = index === 2 && chance.of(0.3) ? start + faultsMs / 2 : undefined
    return withBatches(makeTraits(name, chance, mutators, diesAt), later)
  })
  const references = chance.of(0.4) || kinds.has('new-buyers')
  const deletes = chance.of(0.5) || kinds.has('restores') || kinds.has('new-ids')
  const shaped = systems.map((traits) => shapedBy(kinds, traits, { seed, start, faultsMs }))
  const knowsNested = !options.broken.has('nonested')
  const plan = planDefinition(chance, { kinds, systems: shaped, references, deletes, knowsNested })
  return {
    seed,
    start,
    faultsUntil: start + faultsMs,
    settledBy: start + faultsMs + 120_000,
    kinds,
    systems: shaped,
    integration: compilePlan(plan),
    next: kinds.has('new-mapping') ? nextDefinition(seed, plan, start + faultsMs) : undefined,
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

function nextDefinition(seed: number, plan: DefinitionPlan, faultsUntil: number): Scenario['next'] {
  const next = nextPlan(seed, plan)
  return {
    at: faultsUntil + chanceOf(seed, 'new-mapping').int(-12_000, 15_000),
    integration: compilePlan(next),
    movedAt: next.movedAt,
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
    pollMs: 3000,
    deafFrom: undefined,
    deafUntil: 0,
    scoped: false,
    fills: false,
    diesAt,
  }
}

/** The effects of a seed's kinds on a system. */
function shapedBy(
  kinds: Kinds,
  traits: SystemTraits,
  { seed, start, faultsMs }: { readonly seed: number; readonly start: number; readonly faultsMs: number },
): SystemTraits {
  const chance = (kind: string): Chance => chanceOf(seed, `${kind} ${traits.name}`)
  let shaped = kinds.has('rewriters') ? { ...traits, mutates: true } : traits
  if (kinds.has('unversioned')) shaped = withoutVersions(shaped, chance('unversioned'))
  // Double entries matter most where the first one is detected late.
  const slow = (kinds.has('slow-polls') && 0.7) || (kinds.has('double-entry') && 0.5) || 0
  if (chance('slow-polls').of(slow)) shaped = { ...shaped, polls: true, pollMs: 3_600_000, webhooks: 'none' }
  if (kinds.has('failing-polls') && chance('failing-polls').of(0.6)) {
    const deafFrom = start + chance('deaf').int(2000, faultsMs)
    shaped = { ...shaped, deafFrom, deafUntil: deafFrom + chance('deafness').int(10_000, 60_000) }
  }
  const isHeard = kinds.has('own-numbers') || kinds.has('bursts') || kinds.has('accepted')
  if (isHeard) shaped = { ...shaped, webhooks: 'reliable' }
  if (kinds.has('feeds-only')) shaped = withFeedAlone(shaped)
  if (chance('short-keys').of(kinds.has('short-keys') ? 0.6 : 0))
    shaped = withShortKeys(shaped, chance('life of keys'))
  if (kinds.has('bursts') && chance('bursts').of(0.6)) shaped = withWholeResponses(shaped)
  if (kinds.has('scope')) shaped = { ...shaped, scoped: traits.name === 'alpha' || chance('scope').of(0.3) }
  if (kinds.has('defaults'))
    shaped = { ...shaped, fills: traits.name === 'beta' || chance('defaults').of(0.3) }
  if (kinds.has('nested') && chance('nested').of(0.4))
    shaped = { ...shaped, capabilities: { ...shaped.capabilities, nested: 'replace' } }
  return shaped
}

function withFeedAlone(traits: SystemTraits): SystemTraits {
  const { capabilities } = traits
  const changes = { cursor: 'seq', commitLagMs: capabilities.changes.commitLagMs } as const
  return {
    ...traits,
    capabilities: { ...capabilities, changes, deletes: 'feed' },
    webhooks: 'none',
    polls: true,
    pollMs: 3000,
  }
}

/** Responses that verify each write at once: a pass that has written ends without another read. */
function withWholeResponses(traits: SystemTraits): SystemTraits {
  const { capabilities } = traits
  const read = { ...capabilities.read, lagMs: 0 }
  return {
    ...traits,
    capabilities: { ...capabilities, read, version: 'ordered', writeReturns: 'body+version' },
  }
}

function withShortKeys(traits: SystemTraits, chance: Chance): SystemTraits {
  const idempotency = { ttlMs: chance.int(1000, 3500), replaysErrors: false }
  return { ...traits, capabilities: { ...traits.capabilities, create: 'idempotencyKey', idempotency } }
}

function withoutVersions(traits: SystemTraits, chance: Chance): SystemTraits {
  return {
    ...traits,
    capabilities: {
      ...traits.capabilities,
      version: 'none',
      conditionalWrites: false,
      read: { ...traits.capabilities.read, lagMs: 0 },
      writeReturns: chance.pick(['body', 'nothing'] as const),
    },
  }
}
