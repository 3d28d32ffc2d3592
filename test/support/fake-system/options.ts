/** What a fake system can do and what goes wrong with it. Everything is plain JSON, so that a fake can also run as a process of its own. */

export interface FakeResourceOptions {
  /** Path and name, for example `contacts`. */
  readonly name: string
  /** `patch`: PATCH · `put`: PUT of the whole object · `both`. @default 'both' */
  readonly write?: 'patch' | 'put' | 'both'
  /** `If-Match` is honoured, and demanded when `required`. @default 'honoured' */
  readonly conditional?: 'none' | 'honoured' | 'required'
  /** Whether a version is shown (property `version` and `ETag`). @default true */
  readonly versioned?: boolean
  /**
   * Strongest identity offered for creates: the client's own `id`, an `externalId` that is unique (a second POST responds with the first
   * record), an `Idempotency-Key` header, or nothing. A property `externalId` is kept and can be searched in any case.
   * @default 'none'
   */
  readonly create?: 'clientId' | 'upsertKey' | 'idempotencyKey' | 'none'
  /** Life of an idempotency key. @default 24 h */
  readonly idempotencyTtlMs?: number
  /** Property that must be unique among the living; a second one is refused by 409. */
  readonly unique?: string
  /** Lengths at which texts are cut without a word, by property. */
  readonly truncate?: Readonly<Record<string, number>>
  /** Properties kept as decimal strings with so many places. */
  readonly decimals?: Readonly<Record<string, number>>
  /** What a new record gets for properties that its create leaves out. @default nothing */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** A create with an empty text is taken for one without that property. @default false */
  readonly dropsEmptyOnCreate?: boolean
  /** Properties that the system rewrites on each write through its API. */
  readonly rewrites?: readonly string[]
  /** A read by id shows a state up to this much older. @default 0 */
  readonly readLagMs?: number
  /** A search shows a state this much older. @default 0 */
  readonly searchLagMs?: number
  /** Lists never go further than this many records, and say nothing. @default no cap */
  readonly listCap?: number
  /** What PATCH does to a nested object it names. @default 'merge' */
  readonly nested?: 'merge' | 'replace'
  /** Each record shows who wrote it last, as `modifiedBy`: `user`, or `engine` for whoever uses the API. @default false */
  readonly showsWriter?: boolean
  /** Only the newest state of each record is kept. @default false */
  readonly forgetful?: boolean
  /** Without a store of its own: this many made-up records, listed as a stream and never changed. */
  readonly virtual?: number
}

export interface FakeSystemOptions {
  readonly name: string
  readonly resources: readonly FakeResourceOptions[]
  /** @default 0: the system chooses */
  readonly port?: number
  /** Bearer token that requests must carry. @default none */
  readonly token?: string
  readonly webhooks?: FakeWebhookOptions
  /** Time that each response takes. @default 0 */
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
  /** Our own writes are announced too. @default true */
  readonly ownWrites?: boolean
}

/**
 * One thing that goes wrong. Faults are tried in the order they were added; the first that matches and whose chance comes up happens.
 *
 * - `status`: responds with a status, after or without carrying the request out
 * - `lose-response`: carries it out, then breaks the connection · `drop`: breaks the connection at once
 * - `zombie`: breaks the connection at once and carries the request out `delayMs` later
 * - `html`: 200 with a page instead of data · `empty-list`: 200 with no records · `cut-list`: ends the listing after this page
 * - `oversize`: a page of `bytes` bytes · `garbage`: 200 with broken JSON
 * - `slow`: answers after `delayMs` · `hang`: never answers
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
  /** How often at most. @default no limit */
  readonly times?: number
  readonly status?: number
  readonly retryAfter?: string
  /** With `status`: the request is carried out first. */
  readonly apply?: boolean
  readonly delayMs?: number
  readonly bytes?: number
  readonly body?: unknown
}
