/**
 * Requests the account and a few records of each system, and compares its capabilities with the requirements
 * of the definition.
 */
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import { checkAgainstCapabilities } from '../../model/definition/check-capabilities.ts'
import type { Finding } from '../../model/definition/finding.ts'
import type { Entity, EntitySystem, Integration } from '../../model/integration.ts'
import { describeEvidence } from './check-evidence.ts'
import { checkFeed } from './check-feed.ts'
import { checkKeys, hasEqualityRule } from './check-keys.ts'
import { checkLoss, checkMapping, type MappingTrial } from './check-mapping.ts'
import { type CheckRow, rowOfError, rowOfFailure, rowOfFinding } from './check-row.ts'
import { checkVersion } from './check-version.ts'
import { fetchSamples } from './fetch-samples.ts'

/** One entity in one bound system. */
export interface CheckedPlace {
  readonly entity: Entity
  readonly part: EntitySystem
  readonly system: ConnectedSystem
}

export interface CheckedSystems {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  /** Adds positions in the file to findings. */
  readonly locate: (findings: readonly Finding[]) => readonly Finding[]
}

/** Compares the capabilities of each bound system with the requirements of the definition. Sends no calls. */
export function checkCapabilities({ integration, systems, locate }: CheckedSystems): {
  readonly rows: readonly CheckRow[]
  readonly places: readonly CheckedPlace[]
} {
  const rows: CheckRow[] = []
  const places: CheckedPlace[] = []
  for (const entity of integration.entities.values()) {
    rows.push(...describeMatch(entity))
    for (const part of entity.systems.values()) {
      const system = systems.get(part.system)
      if (system === undefined) continue
      try {
        const { capabilities } = system.resource(part.resource)
        places.push({ entity, part, system })
        rows.push(...describePart(entity, part, system, capabilities))
        rows.push(...describeEvidence({ entity, part, capabilities }))
      } catch (error) {
        rows.push(
          rowOfError('capabilities', `entities.${entity.name}.systems.${part.system}.resource`, error),
        )
      }
    }
  }
  const known = new Map(
    places.map(({ part, system }) => [`${part.system}\n${part.resource}`, system.resource(part.resource)]),
  )
  const findings = checkAgainstCapabilities(
    integration,
    (system, resource) => known.get(`${system}\n${resource}`)?.capabilities,
  )
  return { rows: [...locate(findings).map((one) => rowOfFinding('capabilities', one)), ...rows], places }
}

/**
 * The definition accepts this, but it is reported nevertheless: nothing is matched, so records that exist in
 * several systems are duplicated.
 */
function describeMatch({ name, match, systems }: Entity): CheckRow[] {
  const parts = [...systems.values()]
  const targets = parts.filter(
    ({ system, operations }) =>
      operations.create && parts.some((other) => other.system !== system && other.direction !== 'target'),
  )
  if (match.length > 0 || targets.length === 0) return []
  const there = targets.map(({ system }) => system).join(' and ')
  const message = `nothing is matched: a record that already exists in ${there} is not recognised, and is created a second time`
  return [{ level: 'ok', area: 'capabilities', subject: name, message }]
}

const createWords: Partial<Record<RemoteCapabilities['create'], string>> = {
  none: 'creates at most once',
  unsupported: 'no creates',
}

const listWords: Readonly<Record<RemoteCapabilities['list']['paging'], string>> = {
  none: 'no list',
  offset: 'list by pages that can skip records',
  keyset: 'list by keyset',
}

function describePart(
  entity: Entity,
  part: EntitySystem,
  system: ConnectedSystem,
  capabilities: RemoteCapabilities,
): CheckRow[] {
  const subject = `${entity.name} in ${part.system}`
  const { conditionalWrites, create, list, changes } = capabilities
  const words = [
    listWords[list.paging],
    `changes ${changes.cursor === 'none' ? 'by comparing lists' : `by ${changes.cursor}`}`,
    createWords[create] ?? `creates by ${create}`,
    conditionalWrites ? 'writes with a precondition' : 'writes without a precondition',
  ]
  const rows: CheckRow[] = [{ level: 'ok', area: 'capabilities', subject, message: words.join(', ') }]
  const accepted = [...part.fields.values()].filter(
    (field) => field.readable && field.writable && field.acceptRaceWindow,
  )
  if (!conditionalWrites && part.direction === 'both' && accepted.length > 0) {
    const names = accepted.map((field) => field.name).join(', ')
    const message = `race window accepted: an edit made there during a write may be lost (${names})`
    rows.push({ level: 'ok', area: 'capabilities', subject, message })
  }
  if (part.triggers.some((trigger) => trigger.kind === 'webhook') && system.webhook === undefined) {
    const message = 'it waits for webhooks, but no webhook is described: every delivery would be refused'
    const hint = 'add webhooks to the manifest and a secret to the system, or remove the trigger'
    rows.push({ level: 'warning', area: 'capabilities', subject, message, hint })
  }
  return rows
}

export interface AskOptions {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly places: readonly CheckedPlace[]
  /** Maximum number of records per place. */
  readonly samplesMax: number
  readonly signal: AbortSignal
}

/** Calls all systems concurrently, and each of them sequentially. Only reads. */
export async function askSystems(options: AskOptions): Promise<CheckRow[]> {
  const responses = await Promise.all(
    [...options.systems.values()].map(async (system) => {
      const known = await askAccount(options, system)
      // A system that refuses the request for its account would refuse the others for the same reason.
      if (known.level === 'error') return [known]
      const places = options.places.filter((place) => place.system === system)
      const rows: CheckRow[] = []
      for (const place of places) {
        rows.push(...(await askPlace(options, place)), ...(await askFeed(options, place)))
      }
      const refused = rows.every((row) => row.area === 'reach' && row.level === 'error')
      return places.length > 0 && refused ? rows : [known, ...rows]
    }),
  )
  return responses.flat()
}

/**
 * Number of records that are checked for shared keys: more than the samples, because few duplicates occur
 * among twenty records.
 */
const keysMax = 1_000
/** A page may take several times as long as a read. */
const readsPerResponse = 3

function contextFor(options: AskOptions, system: string) {
  const timeoutMs = options.integration.systems.get(system)?.timing.readTimeoutMs ?? 10_000
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs * readsPerResponse)])
  return { signal, priority: 'hand' } as const
}

async function askAccount(options: AskOptions, system: ConnectedSystem): Promise<CheckRow> {
  try {
    const response = await system.fingerprint(contextFor(options, system.name))
    if (response.kind === 'unknown') return rowOfFailure('reach', system.name, response.failure)
    return { level: 'ok', area: 'reach', subject: system.name, message: `its account is ${response.value}` }
  } catch (error) {
    return rowOfError('reach', system.name, error)
  }
}

function askFeed(options: AskOptions, { entity, part, system }: CheckedPlace): Promise<CheckRow[]> {
  return checkFeed({
    subject: `${entity.name} in ${part.system}`,
    resource: system.resource(part.resource),
    context: contextFor(options, part.system),
  })
}

async function askPlace(options: AskOptions, { entity, part, system }: CheckedPlace): Promise<CheckRow[]> {
  const subject = `${entity.name} in ${part.system}`
  const resource = system.resource(part.resource)
  const samples = await fetchSamples({
    resource,
    inScope: part.inScope,
    max: options.samplesMax,
    ...(hasEqualityRule(entity) ? { keysMax } : {}),
    context: contextFor(options, part.system),
  })
  if (samples.kind === 'failed') return [rowOfFailure('reach', subject, samples.failure)]
  if (samples.kind === 'unlisted') {
    const message = 'it responds; without a list there is no record to test the mapping on'
    const hint = 'try one with `isthmus try`'
    return [{ level: 'warning', area: 'mapping', subject, message, hint }]
  }
  if (samples.records.length === 0) {
    const message =
      samples.seen === 0
        ? 'it responds with an empty list: no record to test the mapping on'
        : `none of the first ${samples.seen} records is in scope: no record to test the mapping on`
    const hint = samples.seen === 0 ? 'create a record there' : 'check `where`'
    return [{ level: 'warning', area: 'mapping', subject, message, hint }]
  }
  const { nested } = resource.capabilities
  const trial: MappingTrial = { entity, part, nested, samples: samples.records }
  try {
    const keys = await checkKeys({ entity, part, listed: samples.listed })
    const [record] = samples.listed
    const versions =
      record === undefined || !part.operations.update
        ? []
        : await checkVersion({ subject, resource, record, context: contextFor(options, part.system) })
    return [...(await checkMapping(trial)), ...(await checkLoss(trial)), ...keys, ...versions]
  } catch (error) {
    return [rowOfError('mapping', subject, error)]
  }
}
