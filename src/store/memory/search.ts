/** Search of records. */
import { matchKeyMac } from '../documents.ts'
import type { RecordHit, RecordSearch } from '../search-contract.ts'
import { type MemoryContext, key as nativeKey } from './tables.ts'

type Way = Pick<RecordHit, 'by' | 'system'>

/** Implements `SearchAdmin.findRecords`. */
export function findRecords({ tables, codec }: MemoryContext, search: RecordSearch): readonly RecordHit[] {
  const { recordId, nativeId, places, keys, limit } = search
  const ways = new Map<string, Way>()
  const add = (id: string | undefined, way: Way): void => {
    if (id !== undefined && tables.records.has(id) && !ways.has(id)) ways.set(id, way)
  }
  add(recordId?.toLowerCase(), { by: 'record id' })
  for (const { system, entity } of places)
    add(tables.natives.get(nativeKey(system, entity, nativeId)), { by: 'native id', system })
  for (const kind of ['exact', 'block'] as const) {
    for (const { entity, key } of keys) {
      if (key.kind !== kind) continue
      const mac = Buffer.from(matchKeyMac(codec, entity, key)).toString('hex')
      for (const id of [...(tables.keyRecords.get(mac) ?? [])].sort())
        add(id, { by: kind === 'exact' ? 'value' : 'similar' })
    }
  }
  return [...ways].slice(0, limit).flatMap(([id, way]) => {
    const record = tables.records.get(id)
    return record === undefined ? [] : [{ recordId: id, entity: record.entity, state: record.state, ...way }]
  })
}
