/**
 * What the conformance suite needs beside a connector: a system to talk to, a back door into it, and faults on demand.
 *
 * The back door stands for everyone else who works on that system: what it changes, the connector has to find out by itself.
 */
import type { NativeRecord } from '../../../model/values.ts'
import type { ConnectedSystem, WebhookDelivery } from '../contract.ts'

/** Starts a counterpart; the suite stops it. */
export type StartCounterpart = () => Promise<Counterpart>

/** One running system, and how to reach it. */
export interface Counterpart {
  /** The section of the definition: `connector`, address, credentials; secrets resolved. */
  readonly settings: Readonly<Record<string, unknown>> & Readonly<Record<'connector', string>>
  /** Every resource that the suite shall probe; at least one. */
  readonly resources: readonly CounterpartResource[]
  /** Absent where nothing can be put in between. */
  readonly faults?: CounterpartFaults
  /** Binds the system, where it lives in this process and nowhere else. @default the connector binds `settings` */
  connect?(): ConnectedSystem
  /** A delivery about one record, signed as the system signs it. Absent where the system sends none. */
  delivery?(change: {
    /** Resource that the delivery is about. */
    readonly resource: string
    /** Record that the delivery is about. */
    readonly nativeId: string
    /** The delivery tells that the record was deleted. */
    readonly deleted?: boolean
  }): WebhookDelivery
  /** Stops it and frees what it holds. */
  stop(): Promise<void>
}

/** One resource of the counterpart. Native bodies are as the connector's `create` takes them. */
export interface CounterpartResource {
  /** Name of the resource, as the connector knows it. */
  readonly name: string
  /** A body that a create accepts; another `seed` gives a record of another identity. */
  body(seed: number): NativeRecord
  /** A patch that changes a record visibly; another `seed` gives other values. */
  patch(seed: number): NativeRecord
  /** Native text fields that hold any text, for values that break careless clients. */
  readonly texts: readonly {
    /** Where the text is in a native record. */
    readonly path: readonly (string | number)[]
    /** Characters that the system keeps. @default no bound */
    readonly maxLength?: number
    /** What the system is known to make of a text (trim, NFC); the connector must declare it in its README. @default the text itself */
    readonly stores?: (text: string) => string
  }[]
  /** Through the back door: makes a record and gives its id. */
  insert(body: NativeRecord): Promise<string>
  /** Changes a record behind the connector's back. */
  change(nativeId: string, patch: NativeRecord): Promise<void>
  /** Absent where nobody can delete. */
  remove?(nativeId: string): Promise<void>
  /** Makes `count` records that changed at the very same moment, by the system's own clock. Absent where its clock can't be set. */
  insertTied?(bodies: readonly NativeRecord[]): Promise<readonly string[]>
  /**
   * Makes a record that becomes visible now and carries a time `ageMs` ago, as a transaction that was long in committing. Absent where the
   * system's clock can't be set.
   */
  insertLate?(body: NativeRecord, ageMs: number): Promise<string>
  /** Makes `count` records that a search by the values given back meets. Absent where nothing can be searched. */
  crowd?(count: number): Promise<NativeRecord>
  /** A body that a create refuses, alone and beside good ones. Absent where everything is accepted. */
  refused?(seed: number): NativeRecord
  /** Makes every cursor handed out so far invalid, the way the system does it after a long time. */
  expireCursors?(): Promise<void>
  /** An id of the right form that no record ever had. @default an existing one with other digits */
  stranger?(): string
  /** Number of live records, as the system itself counts them. */
  count(): Promise<number>
  /** Probes that this system can't pass, by name, each with the reason in words. */
  readonly waivers?: Readonly<Record<string, string>>
}

/** Faults on the wire, each for the next request that fits and then over. */
export interface CounterpartFaults {
  /** Answered without reaching the system. `retryAfterSeconds` goes into the header. */
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
    /** Requests let through before. @default 0 */
    readonly after?: number
  }): void
  /** The request takes effect, its response never arrives. */
  loseNextResponse(fault?: { readonly method?: string; readonly after?: number }): void
  /**
   * The next request is answered with the last response that a request of the same method got, without reaching the system: what a cache or a
   * proxy does that mixes answers up. Absent where no responses are kept.
   */
  repeatNextResponse?(fault?: { readonly method?: string; readonly after?: number }): void
  /** Forgets faults that were not used. */
  clear(): void
}
