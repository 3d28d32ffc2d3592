/**
 * Lists by a job of Bulk API 2.0: the org prepares the whole result, which is then read page by page as CSV,
 * a row at a time.
 *
 * The job is *queued* or *in progress* (an empty page is yielded at every poll, so that the caller knows that
 * it is alive) → *complete*: its result pages are read, each from its `Sforce-Locator` → deleted. When the
 * listing ends early, an unfinished job is aborted instead. A page that breaks off is requested again from
 * its locator, and the rows that were already yielded are skipped: the result of a finished job no longer
 * changes.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { readCsvRows } from '../../../http/bodies/csv.ts'
import { HttpError, isHttpError, NetworkError } from '../../../http/errors.ts'
import { parseJson } from '../../../http/json.ts'
import type { NativeRecord } from '../../../model/values.ts'
import type { CallContext, ListedRecord } from '../../kit/contract.ts'
import { type ReadEntries, readEach, wordsOfUnreadable } from '../../kit/entries.ts'
import { isNativeRecord, textAt } from '../../kit/native.ts'
import { unusable } from '../../kit/unusable.ts'
import type { SalesforceConfig } from '../config.ts'
import { isRecordId, listedRecord } from '../record.ts'
import type { SalesforceField } from '../schema.ts'
import type { ObjectContext, ReadableObject } from './object-context.ts'

/** The query of a job, and how to read its result. */
export interface BulkRead {
  readonly readable: ReadableObject
  readonly bulk: Exclude<SalesforceConfig['bulk'], false>
  /** The condition that excludes what was already listed; empty for everything. */
  readonly after: string
}

/** Rows yielded at a time. */
const chunkRows = 2_000
const firstWaitMs = 200
/** Maximum number of polls of one job; with the default wait, more than a day. */
const pollsMax = 50_000
const pagesMax = 100_000
/** Attempts at reading one result page. */
const attemptsMax = 4
const cleanUpMs = 10_000

/** @throws the error that ended the job or its reading */
export async function* bulkPages(
  owner: ObjectContext,
  { readable, bulk, after }: BulkRead,
  context: CallContext,
): AsyncGenerator<ReadEntries<ListedRecord>> {
  const query = `SELECT ${readable.names.join(',')} FROM ${owner.object}${after}`
  const created = await owner.client.write(
    'POST',
    '/jobs/query',
    { json: { operation: 'query', query } },
    context,
  )
  const id = textAt(created.data, ['id'])
  if (id === undefined) throw unusable('a bulk job has no id')
  let isDone = false
  try {
    let processed = 0
    for (let poll = 0; ; poll += 1) {
      const finished = await jobState(owner, id, context)
      if (finished !== 'at-work') {
        processed = finished.processed
        break
      }
      if (poll >= pollsMax) throw unusable(`a bulk job is not done after ${pollsMax} checks of its state`)
      yield { records: [] }
      await wait(Math.min(bulk.poll, firstWaitMs * 1.5 ** poll), undefined, { signal: context.signal })
    }
    isDone = true
    yield* resultPages(owner, { id, processed, pageRows: bulk.pageRows, fields: readable.fields }, context)
  } finally {
    await cleanUp(owner, id, isDone)
  }
}

/** Deletes the job; if that fails, Salesforce removes it after seven days. */
async function cleanUp({ client }: ObjectContext, id: string, isDone: boolean): Promise<void> {
  const context: CallContext = { signal: AbortSignal.timeout(cleanUpMs), priority: 'batch' }
  const path = { id }
  const request = isDone
    ? client.write('DELETE', '/jobs/query/{id}', { path }, context)
    : client.write('PATCH', '/jobs/query/{id}', { path, json: { state: 'Aborted' } }, context)
  await request.catch(() => undefined)
}

async function jobState(
  { client }: ObjectContext,
  id: string,
  context: CallContext,
): Promise<'at-work' | { readonly processed: number }> {
  const { data } = await client.read('/jobs/query/{id}', { path: { id } }, context)
  const state = textAt(data, ['state'])
  switch (state) {
    case 'UploadComplete':
    case 'InProgress':
      return 'at-work'
    case 'JobComplete': {
      const processed = Number(textAt(data, ['numberRecordsProcessed']))
      if (!Number.isSafeInteger(processed)) throw unusable('a bulk job does not say how many records it read')
      return { processed }
    }
    default:
      throw unusable(`a bulk job ended as ${/^\w{1,40}$/.test(state ?? '') ? state : 'something unknown'}`)
  }
}

interface Results {
  readonly id: string
  readonly processed: number
  readonly pageRows: number
  readonly fields: readonly SalesforceField[]
}

async function* resultPages(
  owner: ObjectContext,
  results: Results,
  context: CallContext,
): AsyncGenerator<ReadEntries<ListedRecord>> {
  let locator: string | undefined
  let seen = 0
  for (let page = 0; page < pagesMax; page += 1) {
    const reading: PageReading = { done: 0, next: undefined }
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const chunk of resultPage(owner, results, { locator, reading }, context)) {
          seen += chunk.records.length + (chunk.unreadable?.count ?? 0)
          yield chunk
        }
        break
      } catch (error) {
        const brokeOff =
          error instanceof NetworkError || (error instanceof HttpError && error.phase !== undefined)
        if (!brokeOff || attempt >= attemptsMax || context.signal.aborted || !isHttpError(error)) throw error
      }
    }
    if (reading.next === locator && locator !== undefined)
      throw unusable('a bulk result has the same page twice')
    locator = reading.next
    if (locator === undefined) break
  }
  if (seen !== results.processed) {
    throw unusable(`a bulk job read ${results.processed} records and gave ${seen}`)
  }
}

/** Progress in one page, kept across attempts. */
interface PageReading {
  done: number
  /** Where the next page begins; undefined after the last one. */
  next: string | undefined
}

interface PagePlace {
  readonly locator: string | undefined
  readonly reading: PageReading
}

async function* resultPage(
  owner: ObjectContext,
  { id, pageRows, fields }: Results,
  { locator, reading }: PagePlace,
  context: CallContext,
): AsyncGenerator<ReadEntries<ListedRecord>> {
  const options = {
    path: { id },
    query: { maxRecords: pageRows, locator },
    headers: { accept: 'text/csv' },
  }
  const { headers, data } = await owner.client.stream('/jobs/query/{id}/results', options, context)
  const next = headers['sforce-locator']
  // The text "null" is Salesforce's way of saying that there is no next page; a missing header would be
  // caused by a proxy.
  if (next === undefined) throw unusable('a bulk result does not say whether more follows')
  reading.next = next === 'null' ? undefined : next
  const expected = Number(headers['sforce-numberofrecords'] ?? Number.NaN)
  let row = 0
  let chunk: (readonly string[])[] = []
  for await (const cells of readCsvRows(data)) {
    // Every page begins with the names; if one does not, its first row is a record.
    if (row === 0 && isHeader(cells, fields)) continue
    row += 1
    if (row <= reading.done) continue
    chunk.push(cells)
    if (chunk.length < chunkRows) continue
    reading.done = row
    yield chunkOf(chunk, fields)
    chunk = []
  }
  if (Number.isSafeInteger(expected) && row !== expected) {
    throw unusable(`a page of a bulk result has ${row} rows instead of ${expected}`)
  }
  reading.done = row
  if (chunk.length > 0) yield chunkOf(chunk, fields)
}

/**
 * A row that is not a record affects only itself. When no row is a record, the result is not the requested
 * one.
 *
 * @throws IsthmusError CONNECTOR_RESPONSE_UNUSABLE
 */
function chunkOf(
  rows: readonly (readonly string[])[],
  fields: readonly SalesforceField[],
): ReadEntries<ListedRecord> {
  const chunk = readEach(rows, (cells) => {
    const record = listedRecord(recordOf(cells, fields))
    if (!isRecordId(record.nativeId)) throw unusable('a bulk result has other columns than were asked for')
    return record
  })
  const { records, unreadable } = chunk
  if (records.length === 0 && unreadable !== undefined) throw unusable(wordsOfUnreadable(unreadable))
  return chunk
}

function isHeader(cells: readonly string[], fields: readonly SalesforceField[]): boolean {
  return cells.length === fields.length && cells.every((name, index) => name === fields[index]?.name)
}

/**
 * Converts a row to the form in which the REST API returns the same record: CSV has only texts, and the types
 * are known.
 */
function recordOf(cells: readonly string[], fields: readonly SalesforceField[]): NativeRecord {
  if (cells.length !== fields.length) {
    throw unusable(`a row of a bulk result has ${cells.length} cells instead of ${fields.length}`)
  }
  const record = Object.fromEntries(
    fields.map((field, index) => [field.name, valueOfCell(field.type, cells[index] ?? '')]),
  )
  return isNativeRecord(record) ? record : {}
}

function valueOfCell(type: string, cell: string): unknown {
  // Salesforce stores no empty texts, so an empty cell is null.
  if (cell === '') return null
  switch (type) {
    case 'boolean':
      return cell === 'true'
    case 'int':
    case 'long':
    case 'double':
    case 'currency':
    case 'percent': {
      const number = parseJson(cell, { maxDepth: 1, numbers: 'lossless' })
      // Text that is not a number stays as it is: the mapping reports the field, and the record's other
      // fields continue.
      return number.ok ? number.value : cell
    }
    case 'datetime':
      return cell.replace(/Z$/, '+0000')
    default:
      return cell
  }
}
