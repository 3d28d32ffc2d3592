/**
 * `isthmus certify`: the probes of the connector conformance suite, run against a user's own system.
 *
 * Without `write`, nothing is created, changed or removed there. With it, probes create test records, which
 * are marked in every text and removed again; no records are created in a resource that can't delete.
 */
import type { ProbeTarget, RecordTemplate } from '../../connectors/kit/conformance/bench.ts'
import type { Probe, ProbeOutcome } from '../../connectors/kit/conformance/probe.ts'
import { connectorProbes } from '../../connectors/kit/conformance/probes.ts'
import { runProbe } from '../../connectors/kit/conformance/run-probe.ts'
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { Connector } from '../../connectors/kit/define-connector.ts'
import { connectSystem } from '../../connectors/registry.ts'
import { suggestion } from '../../model/definition/nearest.ts'
import { UsageError } from '../../model/errors.ts'
import type { Entity, EntitySystem, Integration, SystemSettings } from '../../model/integration.ts'
import type { NativeRecord } from '../../model/values.ts'
import { createClock } from '../clock.ts'
import type { SharedCredentials } from '../shared-credentials.ts'
import { templateOf } from './made-up-record.ts'

export interface CertifyOptions {
  /** With secrets resolved. */
  readonly integration: Integration
  readonly system: string
  /** Restricts the run to this resource. @default every resource that the definition uses there */
  readonly resource?: string
  /** Creates, changes and removes test records. @default false */
  readonly write?: boolean
  /**
   * Native properties of test records in addition to the mapped ones; called with a different number for
   * each. @default none
   */
  readonly body?: (seed: number) => NativeRecord
  /** Folder that paths in the definition are relative to. */
  readonly baseDirectory: string
  /**
   * Token access for connectors: for credentials that are invalidated by use, the tokens of the integration's
   * store. @default no store
   */
  readonly dependenciesOf?: SharedCredentials['dependenciesOf']
  /** Called before each probe. */
  readonly onProbe?: (resource: string, probe: Probe) => void
  /**
   * Maximum wait in milliseconds for effects that a system declares to be delayed; probes that need longer
   * are skipped. @default 60000
   */
  readonly waitMaxMs?: number
  /**
   * Called when a probe waits for more than a few seconds, with the reason and the maximum duration in
   * milliseconds.
   */
  readonly onWait?: (resource: string, what: string, ms: number) => void
  readonly signal?: AbortSignal
  /** Further connectors. @default none */
  readonly connectors?: readonly Connector[]
}

/** One probe and its result for a resource. */
export interface CertifiedProbe {
  readonly name: string
  readonly proves: string
  readonly outcome: ProbeOutcome
}

export interface CertifiedResource {
  readonly resource: string
  readonly entity: string
  readonly probes: readonly CertifiedProbe[]
  /** Ids of test records that could not be removed. */
  readonly left: readonly string[]
}

const waitMaxDefaultMs = 60_000
/** Number of records after which a listing is stopped. */
const listMax = 20_000

/**
 * Runs the probes.
 *
 * @throws UsageError CLI_NOT_FOUND for a system or resource that is not in the definition · errors from
 *   binding the system
 */
export async function certifySystem(options: CertifyOptions): Promise<readonly CertifiedResource[]> {
  const settings = settingsOf(options)
  const certified: CertifiedResource[] = []
  for (const place of placesOf(options)) certified.push(await certifyPlace(options, settings, place))
  return certified
}

interface Place {
  readonly entity: Entity
  readonly part: EntitySystem
}

function settingsOf({ integration, system }: CertifyOptions): SystemSettings {
  const settings = integration.systems.get(system)
  if (settings !== undefined) return settings
  const hint = suggestion(system, integration.systems.keys())
  throw new UsageError(
    'CLI_NOT_FOUND',
    `the definition has no system "${system}"${hint === undefined ? '' : ` (${hint})`}`,
  )
}

/** Returns each resource once, with the first entity that uses it. */
function placesOf({ integration, system, resource }: CertifyOptions): readonly Place[] {
  const places = new Map<string, Place>()
  for (const entity of integration.entities.values()) {
    const part = entity.systems.get(system)
    if (part !== undefined && !places.has(part.resource)) places.set(part.resource, { entity, part })
  }
  if (resource === undefined && places.size > 0) return [...places.values()]
  const place = resource === undefined ? undefined : places.get(resource)
  if (place !== undefined) return [place]
  const known = [...places.keys()].join(', ') || 'none'
  throw new UsageError(
    'CLI_NOT_FOUND',
    resource === undefined
      ? `no entity of the definition uses the system "${system}"`
      : `no entity uses the resource "${resource}" of ${system}; used there: ${known}`,
  )
}

async function certifyPlace(
  options: CertifyOptions,
  settings: SystemSettings,
  { entity, part }: Place,
): Promise<CertifiedResource> {
  const clock = createClock()
  const connect = (): ConnectedSystem =>
    connectSystem(
      settings,
      { baseDirectory: options.baseDirectory, ...options.dependenciesOf?.(settings), clock },
      options.connectors,
    )
  const refusal = await refusalOf(options, connect, part)
  const source = { entity, part, ...(options.body === undefined ? {} : { body: options.body }) }
  const template = refusal === undefined ? await templateOf(source) : undefined
  const why = refusal ?? 'no text is mapped there, so test records could not be recognised'
  const onWait = (what: string, ms: number): void => options.onWait?.(part.resource, what, ms)
  const waits = { waitMaxMs: options.waitMaxMs ?? waitMaxDefaultMs, onWait }
  const probes: CertifiedProbe[] = []
  const left: string[] = []
  for (const probe of connectorProbes) {
    options.signal?.throwIfAborted()
    options.onProbe?.(part.resource, probe)
    const target = { connect, resource: part.resource, clock, listMax, ...waits }
    const { outcome, left: remains } = await tried(probe, target, template, why)
    probes.push({ name: probe.name, proves: probe.proves, outcome })
    left.push(...remains)
  }
  return { resource: part.resource, entity: entity.name, probes, left }
}

/** Returns why no record may be created; undefined if it may. */
async function refusalOf(
  { write }: CertifyOptions,
  connect: () => ConnectedSystem,
  part: EntitySystem,
): Promise<string | undefined> {
  if (write !== true) return 'test records would have to be created there (--write)'
  const system = connect()
  const { remove, create } = system.resource(part.resource).capabilities
  await system.close()
  if (create === 'unsupported') return 'nothing can be created there'
  return ['delete', 'both'].includes(remove) ? undefined : 'test records could not be removed again'
}

/** A read-only probe gets no template: it reads existing records and creates none. */
async function tried(
  probe: Probe,
  target: ProbeTarget,
  template: RecordTemplate | undefined,
  why: string,
): Promise<{ readonly outcome: ProbeOutcome; readonly left: readonly string[] }> {
  if (probe.touches === 'nothing') return await runProbe(probe, target)
  if (template === undefined) return { outcome: { kind: 'skipped', words: why }, left: [] }
  return await runProbe(probe, { ...target, template })
}
