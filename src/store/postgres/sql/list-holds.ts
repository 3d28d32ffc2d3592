import type { HoldDraft } from '../../contract.ts'
import type { Session } from '../database.ts'
import { newest } from '../paging.ts'

/** Columns that the statement returns. */
export interface HoldColumns {
  readonly id: string
  readonly record_id: string
  readonly entity: string
  readonly system: string | null
  readonly field: string | null
  readonly kind: HoldDraft['kind']
  readonly reason: string
  readonly at: number
}

/** Newest first, after the given position. */
export function listHolds(
  session: Session,
  limit: number,
  after: readonly [number, string] | undefined,
): Promise<HoldColumns[]> {
  const values = [limit, ...(after ?? newest)]
  return session.rows<HoldColumns & Record<string, unknown>>(list, values)
}

/** Matching open holds that existed at `until`, in the order in which their records are locked. */
export function findHolds(
  session: Session,
  filter: { readonly id?: string; readonly kind?: string; readonly system?: string },
  until: number,
  limit: number,
): Promise<HoldColumns[]> {
  const values = [filter.id ?? null, filter.kind ?? null, filter.system ?? null, limit, until]
  return session.rows<HoldColumns & Record<string, unknown>>(find, values)
}

/** Returns the ids that were still open. */
export async function closeHoldsById(
  session: Session,
  ids: readonly string[],
  decision: string,
): Promise<ReadonlySet<string>> {
  const rows = await session.rows<{ id: string }>(close, [ids, decision])
  return new Set(rows.map(({ id }) => id))
}

const list = {
  name: 'list-holds',
  text: `
    select id, record_id, entity, system, field, kind, reason, at
    from hold
    where closed_at is null and (at, id) < ($2, $3::uuid)
    order by at desc, id desc
    limit $1`,
}

const find = {
  name: 'find-holds',
  text: `
    select id, record_id, entity, system, field, kind, reason, at
    from hold
    where closed_at is null
      and ($1::uuid is null or id = $1)
      and at <= $5
      and ($2::text is null or kind = $2)
      and ($3::text is null or system = $3)
    order by record_id, id
    limit $4`,
}

const close = {
  name: 'close-holds-by-id',
  text: `
    update hold set closed_at = now_ms(), decision = $2
    where id = any($1::uuid[]) and closed_at is null
    returning id`,
}
