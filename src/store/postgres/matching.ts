/** Finds counterparts: candidates register their keys and get the records that share them. */
import type { FieldCodec, MatchHit, MatchRequest, Unstorable } from '../contract.ts'
import { decodeAgreed, matchKeyMac } from '../documents.ts'
import { unlessUnreadable } from '../unless-unreadable.ts'
import { inParts, isolatingFaults } from './batches.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { changeKeys, refreshDuplicates } from './duplicates.ts'
import { lockLeased } from './pass-checks.ts'
import { findMatches, type MatchColumns } from './sql/find-matches.ts'
import { lockEntities } from './sql/lock-entities.ts'
import type { KeyRow } from './sql/match-keys.ts'

type MatchResponse = readonly MatchHit[] | 'fenced'

/** Implements `Store.match`. */
export function matchBatch(
  context: PostgresContext,
  batch: readonly MatchRequest[],
): Promise<readonly (MatchResponse | Unstorable)[]> {
  return inParts(
    batch,
    ({ lease }) => lease.recordId,
    (part) =>
      isolatingFaults(part, (items) =>
        context.database.transaction('matching', (session) => match(context, session, items)),
      ),
  )
}

async function match(
  context: PostgresContext,
  session: Session,
  items: readonly MatchRequest[],
): Promise<readonly (MatchResponse | Unstorable)[]> {
  const { codec, lockClass } = context
  await lockEntities(
    session,
    lockClass,
    items.map(({ entity }) => entity),
  )
  const held = await lockLeased(session, items)
  const ids = held.map(({ record }) => record.id)
  const keys = held.flatMap(({ item, record }) =>
    item.keys.map((key): KeyRow => {
      const { rule, kind } = key
      return { recordId: record.id, rule, kind, mac: matchKeyMac(codec, record.entity, key) }
    }),
  )
  await refreshDuplicates(session, await changeKeys(session, ids, keys))
  const found = new Map<string, MatchColumns[]>(ids.map((id) => [id, []]))
  const rows = await findMatches(session, ids)
  const others = await context.codecs.forReading(
    rows.map(({ other_id: id }) => id),
    session,
  )
  for (const row of rows) found.get(row.record_id)?.push(row)
  return items.map(({ lease }) => {
    const hits = found.get(lease.recordId)
    if (hits === undefined) return 'fenced'
    return unlessUnreadable(() => hits.map((row) => toHit(others, row)))
  })
}

function toHit(codec: FieldCodec, row: MatchColumns): MatchHit {
  return {
    recordId: row.other_id,
    state: row.state,
    rule: row.rule,
    kind: row.kind,
    linked: row.linked,
    creating: row.creating,
    busy: row.busy,
    fields: decodeAgreed(codec, row.other_id, row.fields),
    keptApart: row.kept_apart,
  }
}
