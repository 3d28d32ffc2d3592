/** Records: lists, one with its members, its events, and reading it again. */
import { presentEvent, presentRecord } from '../../../api/present/records.ts'
import { recordSearch } from '../../../api/record-search.ts'
import { definedOf } from '../../../model/defined.ts'
import type { RecordInspection } from '../../../store/admin-contract.ts'
import type { Call, Handlers } from '../handler.ts'
import { notFound } from '../problems.ts'

/** Handlers of the routes under Records. */
export const recordHandlers: Handlers<
  'listRecords' | 'searchRecords' | 'findRecord' | 'getRecord' | 'listRecordEvents' | 'refreshRecord'
> = {
  listRecords: async ({ query: { entity, limit, cursor } }, { dependencies }) => {
    const { rows, cursor: next } = await dependencies.admin.recordIds(entity, definedOf({ limit, cursor }))
    return { rows: [...rows], ...(next === undefined ? {} : { cursor: next }) }
  },
  searchRecords: async ({ query: { text, limit } }, call) => {
    const { admin, integration } = call.dependencies
    // Whether a value exists is a value as well.
    const search = recordSearch(integration, text, { limit, values: call.values })
    const rows = await admin.findRecords(search)
    const byValue = rows.filter(({ by }) => by === 'value' || by === 'similar')
    if (search.keys.length > 0) await call.disclose(byValue.map(({ recordId }) => recordId))
    return { rows: rows.map((row) => ({ ...row })) }
  },
  findRecord: async ({ params }, call) => shown(await call.dependencies.admin.inspect(params), call),
  getRecord: async ({ params: { id } }, call) =>
    shown(await call.dependencies.admin.inspect({ recordId: id }), call),
  listRecordEvents: async ({ params: { id }, query: { limit, after } }, { dependencies }) => {
    const rows = await dependencies.admin.journal({ recordId: id, afterSeq: after ?? 0, limit })
    return { rows: rows.map(presentEvent) }
  },
  refreshRecord: async ({ params: { id } }, { dependencies }) => dependencies.refresh(id),
}

async function shown(found: RecordInspection | undefined, call: Call) {
  if (found === undefined) throw notFound('there is no such record')
  await call.disclose([found.record.id])
  return presentRecord(found, call)
}
