/** Search of records. */
import { matchKeyMac } from '../../documents.ts'
import type { RecordHit, RecordSearch } from '../../search-contract.ts'
import type { PostgresContext } from '../context.ts'
import { searchRecords } from '../sql/search-records.ts'
import { isUuid } from './ids.ts'

const ways = ['record id', 'native id', 'value', 'similar'] as const satisfies readonly RecordHit['by'][]

/** Implements `SearchAdmin.findRecords`. */
export async function findRecords(
  context: PostgresContext,
  { recordId, nativeId, places, keys, limit }: RecordSearch,
): Promise<readonly RecordHit[]> {
  const rows = await searchRecords(context.database.session('searching records'), {
    recordId: recordId !== undefined && isUuid(recordId) ? recordId : undefined,
    nativeId,
    places,
    macs: keys.map(({ entity, key }) => matchKeyMac(context.codec, entity, key)),
    limit,
  })
  return rows.map(({ id, entity, state, way, system }) => ({
    recordId: id,
    entity,
    state,
    by: ways[way] ?? 'similar',
    ...(system === null ? {} : { system }),
  }))
}
