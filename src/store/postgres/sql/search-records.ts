import type { RecordState } from '../../../model/state.ts'
import type { Session } from '../database.ts'
import { toText } from '../text.ts'

/** Columns that the statement returns. */
export interface HitColumns {
  readonly id: string
  readonly entity: string
  readonly state: RecordState
  /** 0: record id · 1: native id · 2: key that links · 3: key that narrows a search */
  readonly way: number
  readonly system: string | null
}

/** Every part uses an index and is limited, whatever is asked for. */
export function searchRecords(
  session: Session,
  search: {
    readonly recordId: string | undefined
    readonly nativeId: string
    readonly places: readonly { readonly system: string; readonly entity: string }[]
    readonly macs: readonly Uint8Array[]
    readonly limit: number
  },
): Promise<HitColumns[]> {
  const { recordId, nativeId, places, macs, limit } = search
  return session.rows<HitColumns & Record<string, unknown>>(statement, [
    recordId ?? null,
    toText(nativeId),
    places.map(({ system }) => system),
    places.map(({ entity }) => entity),
    macs.map((mac) => Buffer.from(mac)),
    limit,
  ])
}

const statement = {
  name: 'search-records',
  text: `
    with hits as (
      select $1::uuid as record_id, 0 as way, null::text as system where $1::uuid is not null
      union all
      select m.record_id, 1, m.system
      from unnest($3::text[], $4::text[]) as place (system, entity)
      cross join lateral (
        select record_id, member.system from member
        where member.system = place.system and member.entity = place.entity and rid = $2
        offset 0
      ) m
      union all
      select k.record_id, case k.kind when 'exact' then 2 else 3 end, null
      from unnest($5::bytea[]) as wanted (mac)
      cross join lateral (
        select record_id, kind from match_key where match_key.mac = wanted.mac limit $6
      ) k
    ),
    best as (select distinct on (record_id) record_id, way, system from hits order by record_id, way)
    select r.id, r.entity, r.state, best.way, best.system
    from best join record r on r.id = best.record_id
    order by best.way, r.id
    limit $6`,
}
