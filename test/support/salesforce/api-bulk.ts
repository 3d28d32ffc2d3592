/** Bulk API 2.0: `/jobs/query` with results in pages, `/jobs/ingest` with results per row. */

import {
  type ApiContext,
  type ApiRequest,
  type ApiResponse,
  isObject,
  match,
  objectBody,
  type Route,
} from './api.ts'
import { upsert } from './api-records.ts'
import { parse } from './csv.ts'
import { notFound, SalesforceError } from './errors.ts'
import type { FieldSpec, ObjectType } from './objects.ts'
import type { Org, StoredRecord } from './org.ts'
import { runSoql } from './soql-run.ts'
import { apiTime } from './values.ts'

interface QueryJob {
  readonly kind: 'query'
  readonly id: string
  readonly operation: string
  readonly type: ObjectType
  readonly fields: readonly FieldSpec[]
  /** The state when the job was created. */
  readonly records: readonly StoredRecord[]
  readonly createdMs: number
  state: string
  polls: number
}

interface IngestJob {
  readonly kind: 'ingest'
  readonly id: string
  readonly operation: string
  readonly object: string
  readonly externalIdFieldName: string | undefined
  readonly lineEnding: string
  readonly createdMs: number
  state: string
  polls: number
  upload: string
  succeeded: (readonly string[])[]
  failed: (readonly string[])[]
  columns: readonly string[]
}

export const bulkRoutes: Route = (request, context) => {
  if (request.path[0] !== 'jobs') return undefined
  if (request.path[1] === 'query') return queryJobs(request, context)
  return request.path[1] === 'ingest' ? ingestJobs(request, context) : undefined
}

const queryJobs: Route = (request, context) => {
  if (match(request, 'POST', 'jobs/query') !== undefined) return createQuery(request, context)
  const id = request.path[2] ?? ''
  const job = context.jobs.get(id) as QueryJob | IngestJob | undefined
  if (job?.kind !== 'query') throw notFound()
  if (match(request, 'GET', 'jobs/query/:id') !== undefined) {
    advance(job, context)
    return { status: 200, body: queryInfo(job, request.version) }
  }
  if (match(request, 'GET', 'jobs/query/:id/results') !== undefined) return results(request, context, job)
  if (match(request, 'PATCH', 'jobs/query/:id') !== undefined) {
    job.state = 'Aborted'
    return { status: 200, body: queryInfo(job, request.version) }
  }
  if (match(request, 'DELETE', 'jobs/query/:id') === undefined) return undefined
  if (job.state === 'UploadComplete' || job.state === 'InProgress') {
    throw new SalesforceError(400, 'INVALIDJOBSTATE', `Cannot delete a job in state ${job.state}`)
  }
  context.jobs.delete(id)
  return { status: 204 }
}

function createQuery(request: ApiRequest, context: ApiContext): ApiResponse {
  const { operation, query } = objectBody(request)
  if (operation !== 'query' && operation !== 'queryAll') {
    throw new SalesforceError(400, 'INVALIDJOB', 'operation must be query or queryAll')
  }
  const found = runSoql(context.org, String(query), { all: operation === 'queryAll' })
  const compound = found.fields.find(({ type }) => type === 'address')
  if (compound !== undefined || found.countOnly) {
    throw new SalesforceError(
      400,
      'FUNCTIONALITY_NOT_ENABLED',
      'Selecting compound data not supported in Bulk Query',
    )
  }
  const job: QueryJob = {
    kind: 'query',
    id: `750${String(context.next()).padStart(12, '0')}AAA`,
    operation,
    type: found.type,
    fields: found.fields,
    records: found.records.map((record) => ({ ...record })),
    createdMs: context.org.now(),
    state: 'UploadComplete',
    polls: 0,
  }
  context.jobs.set(job.id, job)
  return { status: 200, body: queryInfo(job, request.version) }
}

function advance(job: QueryJob | IngestJob, { options }: ApiContext): void {
  if (job.state !== 'UploadComplete' && job.state !== 'InProgress') return
  job.polls += 1
  job.state = job.polls >= options.bulkPolls ? 'JobComplete' : 'InProgress'
}

function queryInfo(job: QueryJob, version: string): Readonly<Record<string, unknown>> {
  return {
    id: job.id,
    operation: job.operation,
    object: job.type.spec.name,
    createdById: '005000000000001AAA',
    createdDate: apiTime(job.createdMs),
    systemModstamp: apiTime(job.createdMs),
    state: job.state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(version.slice(1)),
    jobType: 'V2Query',
    lineEnding: 'LF',
    columnDelimiter: 'COMMA',
    numberRecordsProcessed: job.state === 'JobComplete' ? job.records.length : 0,
    retries: 0,
    totalProcessingTime: 100,
    isPkChunkingSupported: true,
  }
}

function results(request: ApiRequest, context: ApiContext, job: QueryJob): ApiResponse {
  if (job.state !== 'JobComplete') {
    throw new SalesforceError(400, 'INVALIDJOBSTATE', 'The job has no results: it is not complete')
  }
  const { options, org } = context
  const locator = request.query.get('locator')
  const from = locator === null ? 0 : Number(Buffer.from(locator, 'base64').toString('utf8'))
  if (!Number.isInteger(from) || from > job.records.length) {
    throw new SalesforceError(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator')
  }
  const asked = Number(request.query.get('maxRecords') ?? options.bulkPage)
  const end = Math.min(job.records.length, from + Math.min(asked, options.bulkPage))
  const next = end < job.records.length ? Buffer.from(String(end), 'utf8').toString('base64') : 'null'
  return {
    status: 200,
    headers: {
      'content-type': 'text/csv; charset=UTF-8',
      'sforce-locator': next,
      'sforce-numberofrecords': String(end - from),
    },
    text: csvLines(org, job, { from, end, header: from === 0 || options.bulkHeaders }),
  }
}

function* csvLines(
  org: Org,
  job: QueryJob,
  { from, end, header }: { readonly from: number; readonly end: number; readonly header: boolean },
): Generator<string> {
  if (header) yield `${job.fields.map(({ name }) => quoted(name)).join(',')}\n`
  for (let index = from; index < end; index += 1) {
    const record = job.records[index]
    if (record === undefined) return
    yield `${job.fields.map((field) => quoted(csvValue(field, org.value(record, field)))).join(',')}\n`
  }
}

function csvValue(field: FieldSpec, value: unknown): string {
  if (value === null || value === undefined) return ''
  return field.type === 'datetime' ? String(value).replace('+0000', 'Z') : String(value)
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

const ingestJobs: Route = (request, context) => {
  if (match(request, 'POST', 'jobs/ingest') !== undefined) return createIngest(request, context)
  const id = request.path[2] ?? ''
  const job = context.jobs.get(id) as QueryJob | IngestJob | undefined
  if (job?.kind !== 'ingest') throw notFound()
  const [, , , part = ''] = request.path
  if (request.path.length === 4) return ingestPart(request, job, part)
  switch (request.method) {
    case 'GET':
      advance(job, context)
      return { status: 200, body: ingestInfo(job, request.version) }
    case 'PATCH':
      closeOrAbort(request, context, job)
      return { status: 200, body: ingestInfo(job, request.version) }
    case 'DELETE':
      context.jobs.delete(id)
      return { status: 204 }
  }
  return undefined
}

function createIngest(request: ApiRequest, context: ApiContext): ApiResponse {
  const body = objectBody(request)
  const operation = String(body.operation)
  if (!['insert', 'update', 'upsert', 'delete'].includes(operation)) {
    throw new SalesforceError(400, 'INVALIDJOB', `Invalid operation: ${operation}`)
  }
  const job: IngestJob = {
    kind: 'ingest',
    id: `750${String(context.next()).padStart(12, '0')}AAA`,
    operation,
    object: context.org.type(String(body.object)).spec.name,
    externalIdFieldName: typeof body.externalIdFieldName === 'string' ? body.externalIdFieldName : undefined,
    lineEnding: String(body.lineEnding ?? 'LF'),
    createdMs: context.org.now(),
    state: 'Open',
    polls: 0,
    upload: '',
    succeeded: [],
    failed: [],
    columns: [],
  }
  context.jobs.set(job.id, job)
  return { status: 200, body: ingestInfo(job, request.version) }
}

function ingestInfo(job: IngestJob, version: string): Readonly<Record<string, unknown>> {
  const done = job.state === 'JobComplete'
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    state: job.state,
    createdById: '005000000000001AAA',
    createdDate: apiTime(job.createdMs),
    systemModstamp: apiTime(job.createdMs),
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(version.slice(1)),
    contentUrl: `services/data/${version}/jobs/ingest/${job.id}/batches`,
    jobType: 'V2Ingest',
    lineEnding: job.lineEnding,
    columnDelimiter: 'COMMA',
    numberRecordsProcessed: done ? job.succeeded.length + job.failed.length : 0,
    numberRecordsFailed: done ? job.failed.length : 0,
    ...(job.externalIdFieldName === undefined ? {} : { externalIdFieldName: job.externalIdFieldName }),
  }
}

function ingestPart(request: ApiRequest, job: IngestJob, part: string): ApiResponse | undefined {
  if (request.method === 'PUT' && part === 'batches') {
    if (job.state !== 'Open') throw new SalesforceError(400, 'INVALIDJOBSTATE', `The job is ${job.state}`)
    job.upload += typeof request.body === 'string' ? request.body : ''
    return { status: 201 }
  }
  if (request.method !== 'GET') return undefined
  const done = job.state === 'JobComplete'
  const csv = (columns: readonly string[], rows: readonly (readonly string[])[]): ApiResponse => ({
    status: 200,
    headers: { 'content-type': 'text/csv; charset=UTF-8' },
    text: [columns, ...rows].map((row) => `${row.map(quoted).join(',')}\n`),
  })
  switch (part) {
    case 'successfulResults':
      return csv(['sf__Id', 'sf__Created', ...job.columns], done ? job.succeeded : [])
    case 'failedResults':
      return csv(['sf__Id', 'sf__Error', ...job.columns], done ? job.failed : [])
    case 'unprocessedrecords':
      return csv(job.columns, [])
  }
  return undefined
}

function closeOrAbort(request: ApiRequest, context: ApiContext, job: IngestJob): void {
  const { state } = objectBody(request)
  if (state === 'Aborted') {
    job.state = 'Aborted'
    return
  }
  if (state !== 'UploadComplete' || job.state !== 'Open') {
    throw new SalesforceError(
      400,
      'INVALIDJOBSTATE',
      `Cannot change the state from ${job.state} to ${String(state)}`,
    )
  }
  job.state = 'UploadComplete'
  ingest(context, job)
}

/** All rows are processed when the upload is closed; the job's state shows that some polls later. */
function ingest(context: ApiContext, job: IngestJob): void {
  const [columns = [], ...rows] = parse(job.upload)
  job.columns = columns
  const type = context.org.type(job.object)
  for (const row of rows) {
    const id = row[columns.findIndex((name) => name.toLowerCase() === 'id')] ?? ''
    try {
      const result = ingestRow(context, { job, type, columns, row, id })
      job.succeeded.push([result.id, String(result.created), ...row])
    } catch (error) {
      if (!(error instanceof SalesforceError)) throw error
      const [fault] = error.faults
      const fields = (fault?.fields ?? []).join(',')
      job.failed.push([id, `${fault?.errorCode}:${fault?.message}:${fields === '' ? '--' : fields}`, ...row])
    }
  }
}

interface IngestRow {
  readonly job: IngestJob
  readonly type: ObjectType
  readonly columns: readonly string[]
  readonly row: readonly string[]
  readonly id: string
}

function ingestRow(
  context: ApiContext,
  { job, type, columns, row, id }: IngestRow,
): { readonly id: string; readonly created: boolean } {
  const { org } = context
  const object = type.spec.name
  const body: Record<string, unknown> = {}
  for (const [index, name] of columns.entries()) {
    const cell = row[index] ?? ''
    // An empty cell leaves the field unchanged; #N/A clears it.
    if (name.toLowerCase() !== 'id' && cell !== '') body[name] = cell === '#N/A' ? null : cell
  }
  switch (job.operation) {
    case 'insert':
      return { id: org.create(object, body), created: true }
    case 'update':
      org.update(object, id, body)
      return { id, created: false }
    case 'delete':
      org.remove(object, id)
      return { id, created: false }
  }
  const field = type.fields.get((job.externalIdFieldName ?? '').toLowerCase())
  if (field?.externalId !== true)
    throw new SalesforceError(400, 'INVALIDJOB', 'externalIdFieldName is missing')
  const { [field.name]: value, ...rest } = body
  const response = upsert(context, { type, field, value, body: rest })
  const saved = isObject(response.body) ? response.body : {}
  return { id: String(saved.id), created: saved.created === true }
}
