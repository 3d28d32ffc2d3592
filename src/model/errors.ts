/** The one error base of Isthmus: every failure carries a stable code and says whether trying again can help. */
import { type ErrorCode, errorCodes } from './error-codes.ts'

/**
 * Whether the same operation may succeed later.
 *
 * - `never`: nothing changes until a person or a definition changes something
 * - `backoff`: try again after the caller's own jittered back-off
 * - `{ afterMs }`: the other side said when to come back
 */
export type Retry =
  | 'never'
  | 'backoff'
  | {
      /** When the other side said to come back, in milliseconds from now. */
      readonly afterMs: number
    }

/** Whether a request may have taken effect at the other side: the engine must know before it sends again. */
export type Outcome = 'not-sent' | 'unknown' | 'answered'

/** What an error may carry beside its code and message. */
export interface IsthmusErrorOptions {
  /** Overrides the code table's retry class. @default the table's entry for the code */
  readonly retry?: Retry
  /** What made it happen. @default none */
  readonly cause?: unknown
  /** Facts for machines (ids, paths, positions), never secrets or record values. Non-enumerable on the error. */
  readonly details?: Readonly<Record<string, unknown>>
}

const brand = Symbol.for('isthmus.error')

/**
 * Base class of every error Isthmus throws.
 *
 * The message says what failed and on what, in one line, and holds no secret. Heavy context (`details`) is
 * non-enumerable, so that logging an error cannot spill it by accident.
 */
export class IsthmusError extends Error {
  /** Stable, `SCREAMING_SNAKE`; one row of the error code table. */
  readonly code: ErrorCode
  /** Whether the same operation may succeed later. */
  readonly retry: Retry
  /** Facts for machines (ids, paths, positions). Non-enumerable; never secrets or record values. */
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

/** True for every Isthmus error, also one that came from another copy of the package. */
export function isIsthmusError(value: unknown): value is IsthmusError {
  return typeof value === 'object' && value !== null && brand in value
}

/** A caller's mistake, found before any I/O: an unknown option, a missing path parameter, an address outside the base URL. */
export class UsageError extends IsthmusError {
  /** Nothing has left this process. */
  readonly outcome = 'not-sent' satisfies Outcome
}
