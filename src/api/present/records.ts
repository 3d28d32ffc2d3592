/** Renders records as resources. Values are left out unless the caller may see them. */
import type { z } from 'zod'
import { laneUntil } from '../../model/lane.ts'
import type { Member, MemberField } from '../../model/state.ts'
import type { JournalRow, RecordInspection } from '../../store/admin-contract.ts'
import type { eventResource, recordResource } from '../contract/resources.ts'
import { wordsOf } from '../decisions.ts'

/** Whether values are shown. */
export interface Visibility {
  readonly values: boolean
}

/** A record as its resource. */
export function presentRecord(
  { record, members, intents, unreadable }: RecordInspection,
  { values }: Visibility,
): z.input<typeof recordResource> {
  return {
    id: record.id,
    entity: record.entity,
    state: record.state,
    revision: record.rev,
    discoveredAt: record.discoveredAt,
    due: record.dirtySeq > record.cleanSeq,
    fields: mapValues(record.fields, (field) => ({
      ...(values ? { value: field.value ?? null } : {}),
      revision: field.rev,
      source: field.src,
    })),
    members: members.map((member) => presentMember(member, values)),
    writes: intents.map(({ id, system, operation, state, createdAt, outcome, causes = [], definition }) => ({
      id,
      system,
      operation,
      state,
      createdAt,
      ...(outcome === undefined ? {} : { outcome }),
      ...(causes.length === 0 ? {} : { causes: [...causes] }),
      ...(definition === undefined ? {} : { definition }),
    })),
    unreadable: unreadable.map(({ code, message }) => `${message} (${code})`),
  }
}

function presentMember({ system, nativeId, state, lane, fields }: Member, values: boolean) {
  const until = laneUntil(lane)
  return {
    system,
    ...(nativeId === undefined ? {} : { nativeId }),
    state,
    lane: {
      state: lane.state,
      ...(lane.reason === undefined ? {} : { reason: lane.reason }),
      ...(until === undefined ? {} : { until }),
    },
    fields: mapValues(fields, (field) => presentField(field, values)),
  }
}

function presentField({ shadow, acked, coerced, hold, rejected }: MemberField, values: boolean) {
  return {
    ...(values && shadow !== undefined ? { value: shadow } : {}),
    acknowledgedRevision: acked,
    ...(coerced === undefined ? {} : { coerced }),
    ...(hold === undefined ? {} : { held: hold.reason }),
    ...(rejected === undefined ? {} : { refused: rejected.code }),
  }
}

/** A line of the journal as its resource. */
export function presentEvent({
  seq,
  at,
  kind,
  actor,
  body,
  unreadable,
}: JournalRow): z.input<typeof eventResource> {
  return {
    sequence: seq,
    at,
    kind,
    actor,
    text: wordsOf(body),
    ...causesOf(body),
    ...(unreadable === undefined ? {} : { unreadable }),
  }
}

/** Lines of earlier versions have none. */
function causesOf(body: unknown): { readonly causes?: string[] } {
  if (typeof body !== 'object' || body === null || !('causes' in body) || !Array.isArray(body.causes))
    return {}
  const causes = body.causes.filter((cause) => typeof cause === 'string')
  return causes.length === 0 ? {} : { causes }
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
}
