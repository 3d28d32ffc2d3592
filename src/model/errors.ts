/**
 * The base class of all errors of Isthmus: every failure carries a stable code and whether a retry can help.
 */
import { type ErrorCode, errorCodes } from './error-codes.ts'

/**
 * Whether the same operation may succeed later.
 *
 * - `never`: not until a person or a definition changes something
 * - `backoff`: retry after the caller's own jittered back-off
 * - `{ afterMs }`: the other side named the time of the retry
 */
export type Retry =
  | 'never'
  | 'backoff'
  | {
      /** When to retry according to the other side, in milliseconds from now. */
      readonly afterMs: number
    }

/** Whether a request may have taken effect at the other side: the engine must know before it sends again. */
export type Outcome = 'not-sent' | 'unknown' | 'answered'

/** What an error may carry in addition to its code and message. */
export interface IsthmusErrorOptions {
  /** Overrides the code table's retry class. @default the table's entry for the code */
  readonly retry?: Retry
  /** The underlying error. @default none */
  readonly cause?: unknown
  /**
   * Machine-readable facts (ids, paths, positions), never secrets or record values. Non-enumerable on the
   * error.
   */
  readonly details?: Readonly<Record<string, unknown>>
}

const brand = Symbol.for('isthmus.error')

/**
 * Base class of every error Isthmus throws.
 *
 * The message states in one line what failed and on what, and contains no secret. Detailed context
 * (`details`) is non-enumerable, so that logging an error can't reveal it by accident.
 */
export class IsthmusError extends Error {
  /** Stable, `SCREAMING_SNAKE`; one row of the error code table. */
  readonly code: ErrorCode
  /** Whether the same operation may succeed later. */
  readonly retry: Retry
  /** Machine-readable facts (ids, paths, positions). Non-enumerable; never secrets or record values. */
  declare readonly details: Readonly<Record<string, unknown>>

  /** @param code a row of the error code table */
  constructor(code: ErrorCode, message: string, options: IsthmusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.retry = options.retry ?? errorCodes[code].retry
    Object.defineProperty(this, 'details', {
      value: Object.freeze({ ...options.details }),
      enumerable: false,
    })
    Object.defineProperty(this, brand, { value: true, enumerable: false })
  }
}

/** True for every Isthmus error, including one from another copy of the package. */
export function isIsthmusError(value: unknown): value is IsthmusError {
  return typeof value === 'object' && value !== null && brand in value
}

/**
 * A caller's mistake, found before any I/O: an unknown option, a missing path parameter, an address outside
 * the base URL.
 */
export class UsageError extends IsthmusError {
  /** Nothing was sent by this process. */
  readonly outcome = 'not-sent' satisfies Outcome
}
