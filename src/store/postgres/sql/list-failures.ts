import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Columns that the statement returns. */
export interface FailureColumns {
  readonly record_id: string
  readonly system: string
  readonly entity: string
  readonly operation: string
  readonly code: string
  readonly message: string
  readonly message_document: Uint8Array | null
  readonly signature: string
  readonly replay: 'safe' | 'unsafe' | 'after-check'
  readonly pass_id: string | null
  readonly first_at: number
  readonly last_at: number
  readonly count: number
}

/** Newest first, after the given position. */
export function listFailures(
  session: Session,
  query: {
    readonly limit: number
    readonly after: readonly [number, string] | undefined
    readonly system: string | undefined
    readonly signature: string | undefined
  },
): Promise<FailureColumns[]> {
  const { limit, after, system, signature } = query
  const values = [limit, after?.[0] ?? null, after?.[1] ?? null, system ?? null, toText(signature)]
  return session.rows<FailureColumns & Record<string, unknown>>(list, values)
}

export interface FailureLane {
  readonly record_id: string
  readonly system: string
  readonly signature: string
}

/** The lanes of matching open failures that existed at `until`. */
export function findFailures(
  session: Session,
  filter: { readonly recordId?: string; readonly system?: string; readonly signature?: string },
  until: number,
  limit: number,
): Promise<FailureLane[]> {
  return session.rows<FailureLane & Record<string, unknown>>(find, [
    filter.recordId ?? null,
    filter.system ?? null,
    toText(filter.signature),
    limit,
    until,
  ])
}

const list = {
  name: 'list-failures',
  text: `
    select record_id, system, entity, operation, code, message, message_document, signature, replay, pass_id,
      first_at, last_at, count
    from failure
    where closed_at is null
      and ($4::text is null or system = $4)
      and ($5::text is null or signature = $5)
      and ($2::bigint is null or (last_at, record_id::text || '/' || system) < ($2, $3))
    order by last_at desc, record_id::text || '/' || system desc
    limit $1`,
}

const find = {
  name: 'find-failures',
  text: `
    select record_id, system, signature
    from failure
    where closed_at is null
      and ($1::uuid is null or record_id = $1)
      and ($2::text is null or system = $2)
      and ($3::text is null or signature = $3)
      and last_at <= $5
    order by record_id, system
    limit $4`,
}
