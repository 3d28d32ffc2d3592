/** `/query`, `/queryAll` and their cursors, `/limits`, and replication: `updated` and `deleted`. */
import {
  type ApiContext,
  type ApiRequest,
  type ApiResponse,
  match,
  type Route,
  withAttributes,
} from './api.ts'
import { SalesforceError } from './errors.ts'
import { runSoql } from './soql-run.ts'
import { apiTime } from './values.ts'

export const queryRoutes: Route = (request, context) => {
  const all = match(request, 'GET', 'queryAll') !== undefined
  if (all || match(request, 'GET', 'query') !== undefined) return query(request, context, all)
  const cursor = match(request, 'GET', 'query/:cursor') ?? match(request, 'GET', 'queryAll/:cursor')
  return cursor === undefined ? undefined : queryMore(request, context, cursor.cursor ?? '')
}

function query(request: ApiRequest, context: ApiContext, all: boolean): ApiResponse {
  const { org } = context
  const text = request.query.get('q')
  if (text === null)
    throw new SalesforceError(400, 'MALFORMED_QUERY', 'SOQL statements cannot be empty or null')
  const { type, fields, records, countOnly } = runSoql(org, text, { all })
  if (countOnly) return { status: 200, body: { totalSize: records.length, done: true, records: [] } }
  const rows = records.map((record) => {
    const values = Object.fromEntries(fields.map((field) => [field.name, org.value(record, field)]))
    return withAttributes(request.version, type.spec.name, record.id, values)
  })
  const id = `01g${String(context.next()).padStart(12, '0')}AAA`
  if (rows.length > batchOf(request, context)) context.cursors.set(id, rows)
  return page(request, context, { id, rows, from: 0 })
}

function queryMore(request: ApiRequest, context: ApiContext, cursor: string): ApiResponse {
  const [id = '', from = ''] = cursor.split('-')
  const rows = context.cursors.get(id)
  if (rows === undefined || !/^\d+$/.test(from)) {
    throw new SalesforceError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator')
  }
  return page(request, context, { id, rows, from: Number(from) })
}

function page(
  request: ApiRequest,
  context: ApiContext,
  part: {
    readonly id: string
    readonly rows: readonly Readonly<Record<string, unknown>>[]
    readonly from: number
  },
): ApiResponse {
  const { id, rows, from } = part
  const end = from + batchOf(request, context)
  const done = end >= rows.length
  const next = done ? {} : { nextRecordsUrl: `/services/data/${request.version}/query/${id}-${end}` }
  return { status: 200, body: { totalSize: rows.length, done, ...next, records: rows.slice(from, end) } }
}

/** A client may request 200 to 2,000 records; the service may return fewer. */
function batchOf(request: ApiRequest, { options }: ApiContext): number {
  const asked = /batchSize\s*=\s*(\d+)/i.exec(request.headers['sforce-query-options'] ?? '')?.[1]
  return Math.min(options.queryBatch, asked === undefined ? 2_000 : Math.max(200, Number(asked)))
}

const thirtyDaysMs = 30 * 86_400_000

export const replicationRoutes: Route = (request, { org }) => {
  const updated = match(request, 'GET', 'sobjects/:object/updated')
  const deleted = match(request, 'GET', 'sobjects/:object/deleted')
  const named = updated ?? deleted
  if (named === undefined) return undefined
  const object = org.type(named.object ?? '').spec.name
  const start = minute(request.query.get('start'))
  const end = minute(request.query.get('end'))
  if (start >= end) throw replicationDate('startDate must be at least one minute before endDate')
  if (start < org.now() - thirtyDaysMs) throw replicationDate('startDate cannot be more than 30 days ago')
  const covered = Math.min(end, Math.floor(org.coveredMs() / 60_000) * 60_000)
  const within = (ms: number): boolean => ms >= start && ms < end
  if (updated !== undefined) {
    const ids = [...org.records(object)]
      .filter((one) => !one.deleted && within(one.modstampMs))
      .map(({ id }) => id)
    return { status: 200, body: { ids, latestDateCovered: apiTime(covered) } }
  }
  const log = org.deletions(object)
  const deletedRecords = log
    .filter(({ atMs }) => within(atMs))
    .map(({ id, atMs }) => ({ id, deletedDate: apiTime(atMs) }))
  const earliest = Math.min(org.now() - thirtyDaysMs, ...log.map(({ atMs }) => atMs))
  return {
    status: 200,
    body: { deletedRecords, earliestDateAvailable: apiTime(earliest), latestDateCovered: apiTime(covered) },
  }
}

function replicationDate(message: string): SalesforceError {
  return new SalesforceError(400, 'INVALID_REPLICATION_DATE', message)
}

/** Seconds are ignored. */
function minute(text: string | null): number {
  const ms = Date.parse(text ?? '')
  if (Number.isNaN(ms)) throw replicationDate(`invalid date: ${text}`)
  return Math.floor(ms / 60_000) * 60_000
}
