/**
 * Webhooks: verified, stored and turned into marks in one commit, and only then acknowledged. Values in a
 * delivery are never trusted; it names records, and they are read by id. A repeated delivery is stored once
 * and its marks are dropped.
 */
import type {
  ConnectedSystem,
  WebhookDelivery,
  WebhookReply,
  WebhookResult,
} from '../../connectors/kit/contract.ts'
import type { Integration } from '../../model/integration.ts'
import type { IntakeRequest, IntakeResult, Mark } from '../../store/contract.ts'
import { createBatcher } from '../batcher.ts'
import type { IntakeContext } from '../context.ts'

/** Deliveries per commit, and waiting for one; beyond that the sender is asked to retry. */
const BATCH_MAX = 256
const QUEUE_MAX = 10_000
/**
 * Maximum number of marks per delivery; more than that is an attack or a mistake, not a change notification.
 */
const MARKS_MAX = 10_000
/** Reasons counted per system; a connector that generates new ones must not exhaust the memory. */
const REASONS_MAX = 100

/**
 * - `accepted`: durable; respond with 2xx · `refused`: not from the system, or not understood; respond with
 *   401 without a reason
 * - `unknown`: no such system, or it has no webhooks; respond with 404
 */
export type WebhookResponse =
  /** It is committed. */
  | {
      readonly kind: 'accepted'
      /** Number of marked records. */
      readonly marks: number
      /** The same delivery was accepted before. */
      readonly duplicate: boolean
      /** Send 200 with this body instead of an empty 202. */
      readonly response?: WebhookReply
    }
  /** Its signature is wrong, or it can't be understood. */
  | { readonly kind: 'refused' }
  /** No such system, or it takes no webhooks. */
  | { readonly kind: 'unknown' }

/** Receives deliveries and stores those with a valid signature. */
export interface WebhookIntake {
  /**
   * Accepts one delivery. Resolves after its commit.
   *
   * @throws ENGINE_BUSY when too many wait, and whatever the store throws: the sender must retry (respond
   *   with 503)
   */
  receive(system: string, delivery: WebhookDelivery): Promise<WebhookResponse>
  /** Refused deliveries by system and reason since the process started. */
  refusals(): ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** Deliveries that arrive one at a time are processed at once; in a burst, several share a commit. */
const SPACING = { from: 4, ms: 8 }

/** Creates the webhook intake of a process. */
export function createWebhookIntake(context: IntakeContext): WebhookIntake {
  const commit = createBatcher<IntakeRequest, IntakeResult>({
    name: 'intake',
    clock: context.clock,
    run: (requests) => context.store.intake(requests),
    batchMax: BATCH_MAX,
    queueMax: QUEUE_MAX,
    spacing: SPACING,
    parallel: 2,
  })
  const refusals = new Map<string, Map<string, number>>()
  const entities = entitiesByResource(context.integration)
  const unused = new Set<string>()

  /** Most often a name that the manifest has to translate; every change of the resource would be lost otherwise. */
  const reportUnused = (system: string, resource: string): void => {
    const key = placeKey(system, resource)
    if (entities.has(key) || unused.has(key) || unused.size >= REASONS_MAX) return
    unused.add(key)
    const used = [...context.integration.entities.values()].flatMap(({ systems }) => {
      const part = systems.get(system)
      return part === undefined ? [] : [`"${part.resource}"`]
    })
    const names = [...new Set(used)].join(', ')
    const message = `A delivery is about "${resource}", which no entity uses (${names}): nothing is read because of it. If it means one of them, translate the name in the manifest's webhooks (resource.names).`
    context.emit({ type: 'WebhookUnused', system, resource, message })
  }

  const refuse = (system: string, reason: string): WebhookResponse => {
    const counts = refusals.get(system) ?? new Map<string, number>()
    const counted = counts.has(reason) || counts.size < REASONS_MAX ? reason : 'other'
    refusals.set(system, counts.set(counted, (counts.get(counted) ?? 0) + 1))
    context.emit({ type: 'WebhookRefused', system, reason })
    return { kind: 'refused' }
  }

  return {
    refusals: () => refusals,
    async receive(name, delivery) {
      const system = context.systems.get(name)
      if (system?.webhook === undefined) return { kind: 'unknown' }
      const verdict = await verify(system, delivery)
      if (verdict.kind === 'refused') return refuse(name, verdict.reason)
      for (const { resource } of verdict.changed) reportUnused(name, resource)
      const marks = toMarks(name, verdict, entities)
      if (marks.length > MARKS_MAX) return refuse(name, 'too many changes')
      const result = await commit({
        delivery: { system: name, deliveryId: verdict.deliveryId, body: bodyOf(marks) },
        marks,
        cause: 'webhook',
      })
      emit(context, name, marks, result)
      const response = verdict.response === undefined ? {} : { response: verdict.response }
      return { kind: 'accepted', marks: marks.length, duplicate: result.duplicate, ...response }
    },
  }
}

/**
 * What is kept of a delivery: the records that it named. Its payload has fields that are not mapped, and those that are mapped are read
 * from the system anyway.
 */
function bodyOf(marks: readonly Mark[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(marks.map(({ system: _system, ...mark }) => mark)))
}

/** A connector whose verification throws has not verified anything. */
async function verify(system: ConnectedSystem, delivery: WebhookDelivery): Promise<WebhookResult> {
  try {
    return (await system.webhook?.(delivery)) ?? { kind: 'refused', reason: 'no webhooks' }
  } catch {
    return { kind: 'refused', reason: 'verification failed' }
  }
}

function emit(context: IntakeContext, system: string, marks: readonly Mark[], result: IntakeResult): void {
  const { duplicate, discovered, marked } = result
  context.emit({ type: 'WebhookAccepted', system, marks: marks.length, duplicate })
  const entity = marks[0]?.entity
  if (discovered > 0 && entity !== undefined) {
    context.emit({ type: 'RecordDiscovered', entity, system, count: discovered, via: 'webhook' })
  }
  if (marked + discovered > 0) context.wake()
}

/** Names of entities by system and resource. */
export type EntitiesByResource = ReadonlyMap<string, readonly string[]>

/** Several entities may share a resource with different filters: a change there concerns all of them. */
export function entitiesByResource(integration: Integration): EntitiesByResource {
  const entities = new Map<string, string[]>()
  for (const entity of integration.entities.values()) {
    for (const part of entity.systems.values()) {
      const key = placeKey(part.system, part.resource)
      entities.set(key, [...(entities.get(key) ?? []), entity.name])
    }
  }
  return entities
}

function placeKey(system: string, resource: string): string {
  return JSON.stringify([system, resource])
}

/** Converts records that a system names into marks of every entity that they belong to. */
export function toMarks(
  system: string,
  { changed }: Pick<Extract<WebhookResult, { kind: 'accepted' }>, 'changed'>,
  entities: EntitiesByResource,
): readonly Mark[] {
  return changed.flatMap((change) =>
    (entities.get(placeKey(system, change.resource)) ?? []).map(
      (entity): Mark => ({
        system,
        entity,
        nativeId: change.nativeId,
        ...(change.version === undefined ? {} : { version: change.version }),
        ...(change.deleted === true ? { force: true } : {}),
      }),
    ),
  )
}
