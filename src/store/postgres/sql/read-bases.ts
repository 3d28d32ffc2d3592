import type { Session } from '../database.ts'

/** A record whose documents a pass writes. */
export interface BasisQuery {
  readonly recordId: string
  /** Other agreed values are written: the documents of the other members depend on the stored ones. */
  readonly moves: boolean
  /** Systems whose documents are written anyway. */
  readonly given: readonly string[]
}

/** The stored agreed values of a record, with the document of one of its other members; without any, `system` is null. */
export interface BasisColumns {
  readonly record_id: string
  readonly agreed: Uint8Array | null
  readonly system: string | null
  readonly fields: Uint8Array | null
}

export function readBases(session: Session, queries: readonly BasisQuery[]): Promise<BasisColumns[]> {
  return session.rows<BasisColumns & Record<string, unknown>>(statement, [
    queries.map(({ recordId }) => recordId),
    queries.map(({ moves }) => moves),
    queries.map(({ given }) => given.join(',')),
  ])
}

const statement = {
  name: 'read-bases',
  text: `
    select r.id as record_id, r.fields as agreed, m.system, m.fields
    from unnest($1::uuid[], $2::boolean[], $3::text[]) as u (id, moves, given)
    join record r on r.id = u.id
    left join member m on u.moves and m.record_id = r.id and m.fields is not null
      and m.system <> all(string_to_array(u.given, ','))
    where not u.moves or m.system is not null`,
}
