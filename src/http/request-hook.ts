/** A user's hook that inspects and changes a call before any other step. */
import type { Method } from './call.ts'

/** A call as passed to a hook: before its credential is added. */
export interface RequestSeen {
  /** HTTP method, upper case. */
  readonly method: Method
  /** Full address. */
  readonly url: string
  /** Path template: `/users/{id}`. */
  readonly route: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Also undefined for a stream, which can be read only once. */
  readonly body: string | Uint8Array | undefined
}

/** The changes that a hook makes; everything else remains unchanged. */
export interface RequestChanges {
  /** Added, or replaces headers of the same name; `undefined` removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Added to the query. */
  readonly query?: Readonly<Record<string, string>>
  /** Replaces the body. @default unchanged */
  readonly body?: string | Uint8Array
}

/** Inspects a request, and may change it. */
export type BeforeRequest = (
  request: RequestSeen,
) => RequestChanges | undefined | Promise<RequestChanges | undefined>
