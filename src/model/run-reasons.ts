/**
 * Why the list of a full run proves no absence. Reasons are codes with what belongs to them, and are stored
 * as such; the words for people are made here alone.
 */
import { IsthmusError } from './errors.ts'

/**
 * Codes are stored, so they keep their spelling for good.
 *
 * - `stopped`: we ended the run, or its process died
 * - `other-account`: the credentials lead elsewhere than before; see `isthmus accept-account`
 * - `nothing-listed`: during an outage some systems answer with an empty list; one that is really empty looks
 *   the same
 * - `list-failed`: a page could not be read; `cause` is the code of the failure, where it has one
 * - `page-late`, `page-repeated`: a page did not come in time, or came twice
 * - `offset-paging`: pages by offset, or by a cursor that is not declared stable, skip records when others
 *   are deleted
 * - `records-left-out`: fewer were listed than the system itself counts
 * - `list-incomplete`: the system did not say that the list is complete; `message` is the connector's reason
 * - `rows-lost`: the database lost the staged rows
 */
export type RunReason =
  | {
      /** What the reason is. */
      readonly code:
        | 'stopped'
        | 'other-account'
        | 'nothing-listed'
        | 'page-repeated'
        | 'offset-paging'
        | 'rows-lost'
    }
  | {
      /** A page could not be read. */
      readonly code: 'list-failed'
      /** What failed, in words. */
      readonly message: string
      /** Error code of the failure, where it has one. */
      readonly cause?: string
    }
  | {
      /** A page did not come in time. */
      readonly code: 'page-late'
      /** How long it was waited for. */
      readonly limitMs: number
    }
  | {
      /** Fewer records were listed than the system counts. */
      readonly code: 'records-left-out'
      /** Records that were listed. */
      readonly seen: number
      /** Records that the system counts. */
      readonly expected: number
    }
  | {
      /** The system did not report that the list is complete. */
      readonly code: 'list-incomplete'
      /** The connector's reason, where it gave one. */
      readonly message?: string
    }

type Code = RunReason['code']

/** What is known of a run's end, as far as its list's worth depends on it. */
export interface RunEnd {
  readonly finishedAt?: number
  readonly complete?: boolean
  readonly reason?: RunReason
  /** What is wrong with a stored reason that can't be read. */
  readonly unreadable?: string
  readonly missing?: number
  /** The missing records are read by id, since the list itself proves nothing about them. */
  readonly missingObserved?: true
}

/** What of a reason belongs into which kind of value, by code: the reader checks stored reasons by it. */
const shapes: { readonly [C in Code]: Readonly<Record<string, 'string' | 'number' | 'string?'>> } = {
  stopped: {},
  'other-account': {},
  'nothing-listed': {},
  'list-failed': { message: 'string', cause: 'string?' },
  'page-late': { limitMs: 'number' },
  'page-repeated': {},
  'offset-paging': {},
  'rows-lost': {},
  'records-left-out': { seen: 'number', expected: 'number' },
  'list-incomplete': { message: 'string?' },
}

/** Reasons of a list that came to no end. */
const endless: ReadonlySet<Code> = new Set(['list-failed', 'page-late', 'page-repeated'])

/** A reason in words, for people. */
export function describeRunReason(reason: RunReason): string {
  switch (reason.code) {
    case 'stopped':
      return 'stopped'
    case 'other-account':
      return 'another account answers than the one this store was filled from'
    case 'nothing-listed':
      return 'nothing was listed although records are known there'
    case 'list-failed':
      return `the list broke off: ${reason.cause === undefined ? '' : `${reason.cause}: `}${reason.message}`
    case 'page-late':
      return `the list broke off: no page came within ${reason.limitMs} ms`
    case 'page-repeated':
      return 'the list broke off: the same page came twice'
    case 'offset-paging':
      return 'its pages can skip records while others are deleted'
    case 'rows-lost':
      return 'the database lost the listed records'
    case 'records-left-out':
      return `only ${reason.seen} of ${reason.expected} records were listed`
    case 'list-incomplete':
      return reason.message ?? 'the system did not report that the list is complete'
  }
}

/**
 * Why a run's list proves no absence, and what is done about what it missed; undefined where there is nothing
 * to say.
 */
export function describeRunEnd({ reason, unreadable, missingObserved }: RunEnd): string | undefined {
  if (reason === undefined) return unreadable
  const rest = missingObserved === true ? '; what it did not hold is read by id' : ''
  return `${describeRunReason(reason)}${rest}`
}

/** The error code of the failure that ended a list; undefined where the reason is another one. */
export function causeOf(reason: RunReason | undefined): string | undefined {
  return reason?.code === 'list-failed' ? reason.cause : undefined
}

/** The last run of a place says that nothing else there will come right by itself. */
export function runNeedsPerson({ finishedAt, complete, reason }: RunEnd): boolean {
  if (finishedAt === undefined || complete !== false || reason === undefined) return false
  return reason.code === 'nothing-listed' || reason.code === 'other-account' || endless.has(reason.code)
}

/**
 * How many records the last run of a place missed about which nothing was done: a list that proves no absence
 * marks none of them.
 */
export function missingUndecided({ finishedAt, complete, missing, missingObserved }: RunEnd): number {
  return finishedAt === undefined || complete !== false || missingObserved === true ? 0 : (missing ?? 0)
}

/** A reason as a store keeps it: the code, and the rest as JSON. */
export interface StoredRunReason {
  readonly code: string
  readonly details: string | null
}

/** Encodes a reason for the store. */
export function storeRunReason({ code, ...details }: RunReason): StoredRunReason {
  return { code, details: Object.keys(details).length === 0 ? null : JSON.stringify(details) }
}

/**
 * Makes a reason of its stored form.
 *
 * @param where names the run in the error
 * @throws STORE_ROW_INVALID when no version of Isthmus stores such a reason
 */
export function readRunReason({ code, details }: StoredRunReason, where: string): RunReason {
  const values = details === null ? {} : parseDetails(details)
  if (values === undefined || !isCode(code) || !fits(values, code)) {
    throw new IsthmusError(
      'STORE_ROW_INVALID',
      `the reason of ${where} can't be read: "${code}" with ${details ?? 'no details'}`,
    )
  }
  // The checks above are what the union says.
  return { code, ...values } as RunReason
}

function parseDetails(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function isCode(code: string): code is Code {
  return Object.hasOwn(shapes, code)
}

function fits(values: Readonly<Record<string, unknown>>, code: Code): boolean {
  const shape = shapes[code]
  if (Object.keys(values).some((name) => !Object.hasOwn(shape, name))) return false
  return Object.entries(shape).every(([name, type]) => {
    const value = values[name]
    return type === 'string?' ? value === undefined || typeof value === 'string' : typeof value === type
  })
}
