/**
 * Requirements of the conformance suite in addition to a connector: a running system, a back door into it,
 * and faults on demand.
 *
 * The back door represents all other users of that system: the connector has to discover the changes made
 * through it by itself.
 */
import type { NativeRecord } from '../../../model/values.ts'
import type { ConnectedSystem, WebhookDelivery } from '../contract.ts'

/** Starts a counterpart; the suite stops it. */
export type StartCounterpart = () => Promise<Counterpart>

/** One running system, and how to reach it. */
export interface Counterpart {
  /** The section of the definition: `connector`, address, credentials; secrets resolved. */
  readonly settings: Readonly<Record<string, unknown>> & Readonly<Record<'connector', string>>
  /** Every resource that the suite probes; at least one. */
  readonly resources: readonly CounterpartResource[]
  /** Absent when faults can't be injected. */
  readonly faults?: CounterpartFaults
  /** Binds a system that exists only in this process. @default the connector binds `settings` */
  connect?(): ConnectedSystem
  /**
   * Returns a delivery about one record, signed as the system signs it. Absent when the system sends none.
   */
  delivery?(change: {
    /** Resource that the delivery is about. */
    readonly resource: string
    /** Record that the delivery is about. */
    readonly nativeId: string
    /** Whether the delivery reports that the record was deleted. */
    readonly deleted?: boolean
  }): WebhookDelivery
  /** Stops it and releases its resources. */
  stop(): Promise<void>
}

/** One resource of the counterpart. Native bodies are in the form that the connector's `create` takes. */
export interface CounterpartResource {
  /** Name of the resource in the connector. */
  readonly name: string
  /** Returns a body that a create accepts; another `seed` gives a record with another identity. */
  body(seed: number): NativeRecord
  /** Returns a patch that changes a record visibly; another `seed` gives other values. */
  patch(seed: number): NativeRecord
  /** Native text fields that accept any text, for values that break careless clients. */
  readonly texts: readonly {
    /** Where the text is in a native record. */
    readonly path: readonly (string | number)[]
    /** Number of characters that the system stores. @default no bound */
    readonly maxLength?: number
    /**
     * How the system is known to change a text (trim, NFC); the connector must declare it in its README.
     * @default the text itself
     */
    readonly stores?: (text: string) => string
  }[]
  /** Creates a record through the back door and returns its id. */
  insert(body: NativeRecord): Promise<string>
  /** Changes a record without the connector's knowledge. */
  change(nativeId: string, patch: NativeRecord): Promise<void>
  /** Deletes a record through the back door. Absent when records can't be deleted. */
  remove?(nativeId: string): Promise<void>
  /**
   * Creates records that changed at exactly the same time, by the system's own clock. Absent when its clock
   * can't be set.
   */
  insertTied?(bodies: readonly NativeRecord[]): Promise<readonly string[]>
  /**
   * Creates a record that becomes visible now with a time `ageMs` ago, like a transaction that took long to
   * commit. Absent when the system's clock can't be set.
   */
  insertLate?(body: NativeRecord, ageMs: number): Promise<string>
  /**
   * Creates `count` records that a search by the returned values finds. Absent when searches are not
   * supported.
   */
  crowd?(count: number): Promise<NativeRecord>
  /**
   * Returns a body that a create refuses, alone and together with valid ones. Absent when everything is
   * accepted.
   */
  refused?(seed: number): NativeRecord
  /** Invalidates every cursor returned so far, as the system does after a long time. */
  expireCursors?(): Promise<void>
  /** Returns an id in the right format that no record ever had. @default an existing one with other digits */
  stranger?(): string
  /** Returns the number of live records, as the system itself counts them. */
  count(): Promise<number>
  /** Probes that this system can't pass, by name, each with the reason. */
  readonly waivers?: Readonly<Record<string, string>>
}

/** Faults on the wire; each applies once, to the next matching request. */
export interface CounterpartFaults {
  /** Responds without reaching the system. `retryAfterSeconds` is sent in the header. */
  respondNext(fault: {
    /** HTTP status. */
    readonly status: number
    /** Body of the response. @default empty */
    readonly body?: string
    /** Media type of the body. @default none */
    readonly contentType?: string
    /** Sent as `Retry-After`. @default not sent */
    readonly retryAfterSeconds?: number
    /** Only requests with this method. @default any */
    readonly method?: string
    /** Number of requests let through before. @default 0 */
    readonly after?: number
  }): void
  /** Lets the next request take effect and drops its response. */
  loseNextResponse(fault?: { readonly method?: string; readonly after?: number }): void
  /**
   * Responds to the next request with the last response to a request of the same method, without reaching the
   * system, like a cache or proxy that mixes up responses. Absent when no responses are kept.
   */
  repeatNextResponse?(fault?: { readonly method?: string; readonly after?: number }): void
  /** Discards unused faults. */
  clear(): void
}
