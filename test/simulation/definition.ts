/** The definition of a simulated integration, compiled by the product's own compiler: the lenses, scopes and policies are the real ones. */
import { createHash } from 'node:crypto'
import { compileIntegration } from '../../src/model/definition/compile-integration.ts'
import type { IntegrationDefinition } from '../../src/model/definition/schema/root.ts'
import type { ConflictPolicy, Entity, Integration, SystemSettings } from '../../src/model/integration.ts'
import type { Chance } from './chance.ts'
import { chanceOf, type Kinds } from './kinds.ts'
import type { SystemTraits } from './scenario.ts'
import { customer, cutLength, markerField, order, readTimeoutMs, writeTimeoutMs } from './world.ts'

type EntityDefinition = Extract<IntegrationDefinition['entities'][string], { fields: object }>
type SystemPart = EntityDefinition['systems'][string]
type Mapping = SystemPart['map'][string]

/** The parameters of one version of the definition. */
export interface DefinitionPlan {
  readonly kinds: Kinds
  readonly systems: readonly SystemTraits[]
  readonly references: boolean
  readonly deletes: boolean
  /** By entity and field; other fields are decided by rank. */
  readonly policies: ReadonlyMap<string, ConflictPolicy>
  readonly rank: readonly string[]
  /** The second version: one field is mapped to another property in this system. */
  readonly movedAt?: string
  /** The second version: an additional field in every system. */
  readonly withFax?: boolean
  /** The mapping gets the way in which patches treat nested objects, as in the product. */
  readonly knowsNested: boolean
}

/** The systems and entities that are synced, and the policies. */
export function planDefinition(
  chance: Chance,
  plan: Pick<DefinitionPlan, 'kinds' | 'systems' | 'references' | 'deletes' | 'knowsNested'>,
): DefinitionPlan {
  const rank = chance.shuffle(plan.systems.map((system) => system.name))
  const policies = new Map<string, ConflictPolicy>()
  for (const field of ['customer.name', 'customer.phone', ...(plan.references ? ['order.note'] : [])])
    policies.set(field, policyOf(chance, rank))
  return { ...plan, policies, rank }
}

/** The definition after a restart of the processes. */
export function nextPlan(seed: number, plan: DefinitionPlan): DefinitionPlan {
  const chance = chanceOf(seed, 'new-mapping plan')
  const moves = chance.of(0.7)
  return {
    ...plan,
    ...(moves && { movedAt: chance.pick(plan.systems).name }),
    ...((!moves || chance.of(0.4)) && { withFax: true }),
  }
}

export function compilePlan(plan: DefinitionPlan): Integration {
  const integration = compileIntegration(definitionOf(plan), {
    hash: (text) => createHash('sha256').update(text).digest('hex').slice(0, 12),
  })
  return {
    ...integration,
    systems: new Map(plan.systems.map(({ name }) => [name, settingsOf(name)])),
    entities: new Map(
      [...integration.entities].map(([entity, compiled]) => {
        const fields = [...compiled.fields].map(([name, field]) => {
          const policy = plan.policies.get(`${entity}.${name}`)
          return [name, policy === undefined ? field : { ...field, policy }] as const
        })
        const systems = plan.knowsNested ? compiled.systems : withoutNested(compiled.systems)
        return [entity, { ...compiled, systems, fields: new Map(fields) }]
      }),
    ),
  }
}

/** The mutant `nonested`: lenses that don't get the way in which their systems treat nested objects. */
function withoutNested(systems: Entity['systems']): Entity['systems'] {
  return new Map(
    [...systems].map(([name, part]) => {
      const { lens } = part
      return [name, { ...part, lens: { ...lens, write: (values, base) => lens.write(values, base) } }]
    }),
  )
}

function settingsOf(name: string): SystemSettings {
  const timing = { readTimeoutMs, writeTimeoutMs, concurrency: 8 }
  return { name, connector: 'simulated', config: {}, timing }
}

function policyOf(chance: Chance, rank: readonly string[]): ConflictPolicy {
  const roll = chance.next()
  if (roll < 0.65) return { kind: 'prefer', rank }
  if (roll < 0.85) return { kind: 'latest', skewMs: chance.int(0, 2000), rank }
  return { kind: 'manual' }
}

export function definitionOf(plan: DefinitionPlan): IntegrationDefinition {
  return {
    integration: 'simulated',
    systems: Object.fromEntries(plan.systems.map(({ name }) => [name, { connector: 'simulated' }])),
    entities: {
      [customer]: customerOf(plan),
      ...(plan.references && { [order]: orderOf(plan) }),
    },
  }
}

/** Number of creates that a small guard allows in each system. */
export const allowedCreates = 4

function customerOf(plan: DefinitionPlan): EntityDefinition {
  const few = { max: '0 %', atLeast: allowedCreates }
  const names = plan.systems.map(({ name }) => name)
  const wide = { max: '100 %', atLeast: 10_000 }
  return {
    fields: {
      code: { type: 'string', required: true },
      name: 'string',
      phone: 'string',
      tags: { type: 'set', of: 'string', merge: 'union' },
      ...(plan.kinds.has('nested') && { city: 'string' }),
      ...(plan.kinds.has('lines') && {
        lines: { type: 'list', of: { type: 'group', fields: { sku: 'string', qty: 'integer' } } },
      }),
      ...(plan.withFax && { fax: 'string' }),
      ...(plan.kinds.has('handed-on') && { login: 'string' }),
    },
    match: [{ exact: ['code'] }],
    conflict: `prefer ${plan.rank.join(' ')}`,
    guard: { create: plan.kinds.has('small-guard') ? few : wide, update: wide },
    ...(plan.deletes && { delete: { from: names, action: 'delete', confirm: '3s', guard: wide } }),
    systems: Object.fromEntries(
      plan.systems.map((system) => [system.name, part(system, customer, customerMap(plan, system))]),
    ),
  }
}

function customerMap(plan: DefinitionPlan, system: SystemTraits): Record<string, Mapping> {
  const cuts = system.truncates === 'declared'
  return {
    code: 'code',
    name: cuts ? { path: 'name', maxLength: cutLength } : 'name',
    phone: plan.movedAt === system.name ? 'telephone' : 'phone',
    tags: { path: 'tags', separator: ',' },
    ...(plan.kinds.has('nested') && { city: 'address.city' }),
    ...(plan.kinds.has('lines') && { lines: 'lines' }),
    ...(plan.withFax && { fax: 'fax' }),
    ...(plan.kinds.has('handed-on') && { login: 'login' }),
  }
}

function orderOf(plan: DefinitionPlan): EntityDefinition {
  const wide = { max: '100 %', atLeast: 10_000 }
  const map = { code: 'code', buyer: 'buyer', note: 'note' }
  return {
    fields: {
      code: { type: 'string', required: true },
      buyer: { type: 'ref', entity: customer },
      note: 'string',
    },
    match: [{ exact: ['code'] }],
    conflict: `prefer ${plan.rank.join(' ')}`,
    guard: { create: wide, update: wide },
    systems: Object.fromEntries(plan.systems.map((system) => [system.name, part(system, order, map)])),
  }
}

function part(system: SystemTraits, entity: string, map: Record<string, Mapping>): SystemPart {
  const marked = ['clientId', 'upsertKey', 'marker'].includes(system.capabilities.create)
  return {
    resource: entity,
    acceptRaceWindow: true,
    ...(marked && { key: markerField }),
    ...(entity === customer &&
      system.scoped && { where: { kind: 'company' }, onCreate: { kind: 'company' } }),
    map,
    triggers: [
      ...(system.webhooks === 'none' ? [] : [{ webhook: 'changed' }]),
      ...(system.polls ? [{ poll: `${system.pollMs}ms` }] : []),
    ],
  }
}
