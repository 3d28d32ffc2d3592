import type { RecordState } from '../../../model/state.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

export interface Native {
  readonly system: string
  readonly entity: string
  readonly nativeId: string
}

export interface NativeHolder {
  /** Index into the requested natives. */
  readonly n: number
  readonly record_id: string
  readonly absorbed_version: string | null
  readonly state: RecordState
}

/** Returns the holders of these native ids, where there are any. */
export async function findNatives(session: Session, natives: readonly Native[]): Promise<NativeHolder[]> {
  const rows = await session.rows<NativeHolder & Record<string, unknown>>(statement, [
    natives.map(({ system }) => system),
    natives.map(({ entity }) => entity),
    natives.map(({ nativeId }) => toText(nativeId)),
  ])
  return rows.map((row) => ({ ...row, n: row.n - 1 }))
}

const statement = {
  name: 'find-natives',
  text: `
    select u.n, m.record_id, m.absorbed_version, r.state
    from unnest($1::text[], $2::text[], $3::text[]) with ordinality as u (system, entity, rid, n)
    join member m on m.system = u.system and m.entity = u.entity and m.rid = u.rid
    join record r on r.id = m.record_id`,
}
