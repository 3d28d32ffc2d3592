import type { Session } from '../database.ts'

/** The known state of a counterpart that another record has taken over. */
export interface MemberBase {
  readonly recordId: string
  readonly system: string
  /** Encoded field document. */
  readonly fields: Uint8Array
  readonly floor: string | null
  readonly asof: number
  readonly settleAt: number | null
  readonly lens: number | null
}

/** Sets the state that the members' next reads are compared with. */
export async function giveBases(session: Session, bases: readonly MemberBase[]): Promise<void> {
  if (bases.length === 0) return
  await session.rows(statement, [
    bases.map(({ recordId }) => recordId),
    bases.map(({ system }) => system),
    bases.map(({ fields }) => fields),
    bases.map(({ floor }) => floor),
    bases.map(({ asof }) => asof),
    bases.map(({ settleAt }) => settleAt),
    bases.map(({ lens }) => lens),
  ])
}

const statement = {
  name: 'give-bases',
  text: `
    update member m set
      fields = u.fields, floor = u.floor, asof = u.asof, settle_at = u.settle_at, lens = u.lens
    from unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[], $5::bigint[], $6::bigint[], $7::integer[])
      as u (record_id, system, fields, floor, asof, settle_at, lens)
    where m.record_id = u.record_id and m.system = u.system`,
}
