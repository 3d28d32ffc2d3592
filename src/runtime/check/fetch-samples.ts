/**
 * Fetches a few records of one resource from the first pages of its list, for testing mappings. Only reads.
 */
import type { CallContext, CallFailure, ListedRecord, Resource } from '../../connectors/kit/contract.ts'
import { withWords } from '../../engine/pass/failure.ts'
import { errorCodes } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'

/** Maximum number of pages searched for records in scope. */
const pagesMax = 5

export interface SampleRequest {
  readonly resource: Resource
  readonly inScope: (native: NativeRecord) => boolean
  /** Maximum number of records, 1..100. */
  readonly max: number
  /**
   * Maximum number of records that are checked for shared keys. @default those of the pages that contain the
   * samples
   */
  readonly keysMax?: number
  readonly context: CallContext
}

/**
 * - `sampled`: records in scope, and how many were listed to find them
 * - `unlisted`: the resource has no list, and a read by id succeeded
 * - `failed`: the call failed
 */
export type Samples =
  | {
      readonly kind: 'sampled'
      readonly records: readonly NativeRecord[]
      /** Every record in scope on the pages that were fetched. */
      readonly listed: readonly ListedRecord[]
      readonly seen: number
    }
  | { readonly kind: 'unlisted' }
  | { readonly kind: 'failed'; readonly failure: Pick<CallFailure, 'code' | 'message'> }

/** Fetches samples; returns a failure of the system instead of throwing it. */
export async function fetchSamples(request: SampleRequest): Promise<Samples> {
  const { resource, context } = request
  try {
    if (resource.capabilities.list.paging === 'none') return await readNothing(resource, context)
    return await listSome(request)
  } catch (error) {
    return { kind: 'failed', failure: describe(error, context.signal) }
  }
}

/**
 * An id that does not exist: the response "not found" verifies the URL and credentials as well as a record
 * would.
 */
async function readNothing(resource: Resource, context: CallContext): Promise<Samples> {
  const result = await resource.read('isthmus-check', context)
  return result.kind === 'unknown' ? { kind: 'failed', failure: result.failure } : { kind: 'unlisted' }
}

async function listSome(request: SampleRequest): Promise<Samples> {
  const { resource, inScope, max, keysMax = max, context } = request
  const listed: ListedRecord[] = []
  let seen = 0
  const pages = resource.list(context)
  try {
    for (let page = 0; page < pagesMax && listed.length < Math.max(max, keysMax); page += 1) {
      const next = await withSignal(pages.next(), context.signal).catch((error: unknown) => {
        // Further pages are only needed for the check of keys, so an error here keeps the existing samples.
        if (listed.length < max) throw error
      })
      if (next === undefined || next.done === true) break
      seen += next.value.length
      listed.push(...next.value.filter((record) => inScope(record.native)))
    }
  } finally {
    // Not awaited, because a list that hangs would hang here again.
    pages.return({ complete: false }).catch(() => undefined)
  }
  return { kind: 'sampled', records: listed.slice(0, max).map(({ native }) => native), listed, seen }
}

/** A connector that ignores its signal must not delay the report. */
function withSignal<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason)
    if (signal.aborted) {
      stop()
      return
    }
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function describe(error: unknown, signal: AbortSignal): Pick<CallFailure, 'code' | 'message'> {
  if (isIsthmusError(error) && !signal.aborted) {
    return { code: error.code, message: withWords(error.message, error.details.said) }
  }
  if (signal.aborted) return { code: 'HTTP_TIMEOUT', message: errorCodes.HTTP_TIMEOUT.summary }
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) }
}
