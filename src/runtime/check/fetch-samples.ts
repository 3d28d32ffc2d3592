/** A few records of one resource, from the first pages of its list: what mappings are tried on. Reads only. */
import type { CallContext, CallFailure, ListedRecord, Resource } from '../../connectors/kit/contract.ts'
import { withWords } from '../../engine/pass/failure.ts'
import { errorCodes } from '../../model/error-codes.ts'
import { isIsthmusError } from '../../model/errors.ts'
import type { NativeRecord } from '../../model/values.ts'

/** Pages looked through for records in scope; beyond that a scope is too narrow for a sample. */
const pagesMax = 5

export interface SampleRequest {
  readonly resource: Resource
  readonly inScope: (native: NativeRecord) => boolean
  /** Records at most, 1..100. */
  readonly max: number
  /** Records at most that are looked at for keys which several share. @default those of the pages that the samples are on */
  readonly keysMax?: number
  readonly context: CallContext
}

/**
 * - `sampled`: records in scope, and how many were listed to find them
 * - `unlisted`: the resource has no list, and a read by id was answered
 * - `failed`: the system could not be asked
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

/** Fetches samples; a failure of the system is the response, never thrown. */
export async function fetchSamples(request: SampleRequest): Promise<Samples> {
  const { resource, context } = request
  try {
    if (resource.capabilities.list.paging === 'none') return await readNothing(resource, context)
    return await listSome(request)
  } catch (error) {
    return { kind: 'failed', failure: describe(error, context.signal) }
  }
}

/** An id that no record has: the response "not there" proves address and credentials just as well as a record. */
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
        // Further pages are looked at for keys only: what is there already is worth a report.
        if (listed.length < max) throw error
      })
      if (next === undefined || next.done === true) break
      seen += next.value.length
      listed.push(...next.value.filter((record) => inScope(record.native)))
    }
  } finally {
    // Not waited for: a list that hangs would hang here again.
    pages.return({ complete: false }).catch(() => undefined)
  }
  return { kind: 'sampled', records: listed.slice(0, max).map(({ native }) => native), listed, seen }
}

/** A connector that ignores its signal must not hold up the report. */
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
