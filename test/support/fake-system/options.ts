/** The capabilities and faults of a fake system. Everything is plain JSON, so that a fake can also run as a process of its own. */

export interface FakeResourceOptions {
  /** Path and name, for example `contacts`. */
  readonly name: string
  /** `patch`: PATCH · `put`: PUT of the whole object · `both`. @default 'both' */
  readonly write?: 'patch' | 'put' | 'both'
  /** `If-Match` is supported, and mandatory when `required`. @default 'honoured' */
  readonly conditional?: 'none' | 'honoured' | 'required'
  /** Whether a version is shown (property `version` and `ETag`). @default true */
  readonly versioned?: boolean
  /**
   * Strongest identity offered for creates: the client's own `id`, an `externalId` that is unique (a second POST responds with the first record), an
   * `Idempotency-Key` header, or nothing. A property `externalId` is stored and can be searched in any case.
   * @default 'none'
   */
  readonly create?: 'clientId' | 'upsertKey' | 'idempotencyKey' | 'none'
  /** Lifetime of an idempotency key. @default 24 h */
  readonly idempotencyTtlMs?: number
  /** Property that must be unique among living records; a second one is refused with 409. */
  readonly unique?: string
  /** Lengths at which texts are silently truncated, by property. */
  readonly truncate?: Readonly<Record<string, number>>
  /** Properties stored as decimal strings with this many places. */
  readonly decimals?: Readonly<Record<string, number>>
  /** Properties that the API stores with `&`, `<` and `>` escaped as in HTML. */
  readonly escapes?: readonly string[]
  /** Values of a new record for properties that its create leaves out. @default nothing */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** A create treats an empty text like a missing property. @default false */
  readonly dropsEmptyOnCreate?: boolean
  /** Properties that the system rewrites on each write through its API. */
  readonly rewrites?: readonly string[]
  /** A read by id returns a state up to this much older. @default 0 */
  readonly readLagMs?: number
  /** A search returns a state this much older. @default 0 */
  readonly searchLagMs?: number
  /** Lists silently end after this many records. @default no cap */
  readonly listCap?: number
  /** The effect of PATCH on a nested object it names. @default 'merge' */
  readonly nested?: 'merge' | 'replace'
  /** Each record shows who wrote it last, as `modifiedBy`: `user`, or `engine` for any API client. @default false */
  readonly showsWriter?: boolean
  /** Only the newest state of each record is kept. @default false */
  readonly forgetful?: boolean
  /** Without a store of its own: this many generated records, listed as a stream and never changed. */
  readonly virtual?: number
}

export interface FakeSystemOptions {
  readonly name: string
  readonly resources: readonly FakeResourceOptions[]
  /** @default 0: chosen by the operating system */
  readonly port?: number
  /** Bearer token that requests must carry. @default none */
  readonly token?: string
  readonly webhooks?: FakeWebhookOptions
  /** Latency of each response. @default 0 */
  readonly latencyMs?: number
  /** @default 1 */
  readonly seed?: number
}

export interface FakeWebhookOptions {
  readonly url: string
  /** Standard Webhooks secret, `whsec_…`. */
  readonly secret: string
  /** Shares of deliveries lost, sent twice, and delayed. @default 0 each */
  readonly lose?: number
  readonly duplicate?: number
  readonly delayMs?: number
  /** The API client's own writes are announced too. @default true */
  readonly ownWrites?: boolean
}

/**
 * One fault. Faults are tried in the order they were added; the first that matches and whose chance applies happens.
 *
 * - `status`: responds with a status, after or without executing the request
 * - `lose-response`: executes it, then breaks the connection · `drop`: breaks the connection at once
 * - `zombie`: breaks the connection at once and executes the request `delayMs` later
 * - `html`: 200 with a page instead of data · `empty-list`: 200 with no records · `cut-list`: ends the listing after this page
 * - `oversize`: a page of `bytes` bytes · `garbage`: 200 with broken JSON
 * - `slow`: responds after `delayMs` · `hang`: never responds
 */
export interface Fault {
  readonly kind:
    | 'status'
    | 'lose-response'
    | 'drop'
    | 'zombie'
    | 'html'
    | 'empty-list'
    | 'cut-list'
    | 'oversize'
    | 'garbage'
    | 'slow'
    | 'hang'
  readonly method?: string
  /** Regular expression on path and query. */
  readonly path?: string
  /** @default 1 */
  readonly chance?: number
  /** Maximum number of times. @default no limit */
  readonly times?: number
  readonly status?: number
  readonly retryAfter?: string
  /** With `status`: the request is executed first. */
  readonly apply?: boolean
  readonly delayMs?: number
  readonly bytes?: number
  readonly body?: unknown
}
