/**
 * The REST API of one org: versioned paths, queries over all their pages, and the options of each kind of
 * call.
 */

import type { ApiResponse } from '../../http/api-response.ts'
import type { Method } from '../../http/call.ts'
import type { ApiClient } from '../../http/client.ts'
import type { CallOptions } from '../../http/options.ts'
import { IsthmusError } from '../../model/errors.ts'
import type { SystemTiming } from '../../model/integration.ts'
import { callOptions, writeOptions } from '../kit/call-options.ts'
import type { CallContext } from '../kit/contract.ts'
import { isNativeRecord } from '../kit/native.ts'
import { serverTimeOf } from '../kit/times.ts'
import { unusable } from '../kit/unusable.ts'

/** Rows of a query, all its pages. */
export interface QueryResult {
  /** Entries that are not objects are included: the rows are parsed one by one. */
  readonly rows: readonly unknown[]
  /** The result of COUNT(), or the number of rows. */
  readonly totalSize: number
  /** The server's time when the query was sent, as far as its response reports it: epoch ms. */
  readonly serverNowMs?: number
}

/** The calls that the operations consist of. Paths are below `/services/data/vXX.X`. */
export interface SalesforceClient {
  /** `/services/data/v60.0/sobjects/…`: the whole path, for requests within a composite one. */
  path(below: string): string
  /** A read: retried over short disruptions within the read timeout. */
  read(below: string, options: CallOptions, context: CallContext): Promise<ApiResponse<unknown>>
  /** A read that requires a body. Sent once. */
  readByPost(below: string, json: unknown, context: CallContext): Promise<ApiResponse<unknown>>
  /** A write: sent once. The engine decides everything after that, since it knows what was written before. */
  write(
    method: Method,
    below: string,
    options: CallOptions,
    context: CallContext,
  ): Promise<ApiResponse<unknown>>
  /** A query with all its pages; `all` includes deleted records. */
  query(soql: string, context: CallContext, scope?: 'live' | 'all'): Promise<QueryResult>
  /** A body that is streamed. */
  stream(
    below: string,
    options: CallOptions,
    context: CallContext,
  ): Promise<ApiResponse<AsyncIterable<Uint8Array>>>
}

/** Pages of one query: the service may cut 2,000 wide rows into pages of 200 or fewer. */
const queryPagesMax = 2_000
/** Maximum length of an address; the service refuses 16,384 bytes together with the headers. */
const soqlMax = 14_000

/** Applies the version, the system's timeouts and the call's context to an API client. */
export function salesforceClient(
  client: ApiClient,
  options: { readonly apiVersion: string; readonly timing: SystemTiming; readonly monotonic: () => number },
): SalesforceClient {
  const { apiVersion, timing, monotonic } = options
  const root = `/services/data/v${apiVersion}`
  const get = (target: string, call: CallOptions, context: CallContext) =>
    client.send('GET', target, { ...call, ...callOptions(context), totalMs: timing.readTimeoutMs })
  const once = (method: Method, target: string, call: CallOptions, context: CallContext, totalMs: number) =>
    client.send(method, target, { ...call, ...writeOptions(context), retries: 0, totalMs })
  return {
    path: (below) => root + below,
    read: (below, call, context) => get(root + below, call, context),
    readByPost: (below, json, context) => once('POST', root + below, { json }, context, timing.readTimeoutMs),
    write: (method, below, call, context) => once(method, root + below, call, context, timing.writeTimeoutMs),
    stream: (below, call, context) =>
      client.stream(root + below, { ...call, ...callOptions(context), totalMs: timing.readTimeoutMs }),
    query: async (soql, context, scope = 'live') => {
      assertSendable(soql)
      const startedAt = monotonic()
      const first = await get(
        `${root}/${scope === 'all' ? 'queryAll' : 'query'}`,
        { query: { q: soql } },
        context,
      )
      const tookMs = monotonic() - startedAt
      const result = await allRows(first, (target) => get(target, {}, context))
      // If rows were removed from a response on the way, the reported number still includes them. A count
      // alone has no rows.
      if (result.isOnePage && result.rows.length !== result.totalSize && !soql.startsWith('SELECT COUNT()'))
        throw unusable(`a query found ${result.totalSize} records and gave ${result.rows.length}`)
      return { rows: result.rows, totalSize: result.totalSize, ...serverNow(first, tookMs) }
    },
  }
}

/** Returns whether a query fits an address; a longer one can still run as a bulk job. */
export function fitsAddress(soql: string): boolean {
  return encodeURIComponent(soql).length <= soqlMax
}

function assertSendable(soql: string): void {
  if (fitsAddress(soql)) return
  throw new IsthmusError(
    'CONNECTOR_CONFIG_INVALID',
    'The query is longer than an address may be. Name the fields that are needed under resources.<object>.fields.',
  )
}

async function allRows(
  first: ApiResponse<unknown>,
  more: (target: string) => Promise<ApiResponse<unknown>>,
): Promise<Pick<QueryResult, 'rows' | 'totalSize'> & { readonly isOnePage: boolean }> {
  let page = queryPage(first.data)
  const isOnePage = page.next === undefined
  const rows: unknown[] = [...page.rows]
  const { totalSize } = page
  for (let count = 1; page.next !== undefined; count += 1) {
    if (count >= queryPagesMax) throw unusable(`a query has more than ${queryPagesMax} pages`)
    page = queryPage((await more(page.next)).data)
    rows.push(...page.rows)
  }
  return { rows, totalSize, isOnePage }
}

interface QueryPage {
  readonly rows: readonly unknown[]
  readonly totalSize: number
  readonly next: string | undefined
}

/** A page that is not done has to name the next one; otherwise the response is broken, and not the end. */
function queryPage(body: unknown): QueryPage {
  if (!isNativeRecord(body)) throw unusable('the response to a query is not an object')
  const { records, totalSize, done, nextRecordsUrl } = body
  if (!Array.isArray(records) || typeof totalSize !== 'number' || typeof done !== 'boolean') {
    throw unusable('the response to a query lacks records, totalSize or done')
  }
  if (done) return { rows: records, totalSize, next: undefined }
  if (typeof nextRecordsUrl !== 'string') throw unusable('a query is not done and has no nextRecordsUrl')
  return { rows: records, totalSize, next: nextRecordsUrl }
}

/**
 * The field has whole seconds and was written when the response was ready; the rows were read before that.
 */
export function serverNow(
  { headers }: Pick<ApiResponse<unknown>, 'headers'>,
  tookMs: number,
): { readonly serverNowMs?: number } {
  const date = serverTimeOf(headers.date)
  return date === undefined ? {} : { serverNowMs: date - Math.ceil(tookMs) }
}
