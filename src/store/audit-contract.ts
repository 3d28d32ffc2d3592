/** The audit trail: who did and saw what, from where. Each line commits with its action. */

/** Something that a person, a token or a command did or saw. */
export interface AuditEntry {
  /** What was done, such as `conflict.resolve`. */
  readonly action: string
  readonly actor: string
  /** About what. Contains no values of records. */
  readonly details: Readonly<Record<string, unknown>>
}

/** A line of the audit trail. */
export interface AuditRow extends AuditEntry {
  readonly seq: number
  readonly stream: string
  readonly at: number
  /** Why the details, which are empty then, can't be read. */
  readonly unreadable?: string
}

/** Where an action comes from; part of its line. */
export interface AuditOrigin {
  readonly address?: string
  /** Id of the route. */
  readonly route?: string
  readonly query?: string
}

/** The two tables whose lines are chained. */
export const chains = ['journal', 'audit'] as const
/** One of {@link chains}. */
export type Chain = (typeof chains)[number]

/** The end of a stream at some time, as it is stored elsewhere. */
export interface AnchoredHead {
  readonly chain: Chain
  readonly stream: string
  readonly position: number
  /** Hexadecimal. */
  readonly hash: string
}

/** The ends of the streams that have grown since earlier ones. */
export interface HeadsSince {
  readonly heads: readonly AnchoredHead[]
  /** Largest sequence number that was read, for each chain: the next reading begins there. */
  readonly upTo: Readonly<Record<Chain, number>>
}

/** The result of a verification. */
export interface VerifiedChain {
  readonly chain: Chain
  readonly lines: number
  /** Missing when the chain holds. */
  readonly brokenAt?: { readonly stream: string; readonly seq?: number; readonly problem: string }
}

/** How far the audit trail is protected against somebody who can write to the database. */
export interface AuditProtection {
  /** The role of this process can neither update nor delete lines. */
  readonly appendOnly: boolean
  /** When the ends of the streams were stored elsewhere last. */
  readonly anchoredAt?: number
}

/** The part of the admin store for the audit trail. */
export interface AuditStore {
  /** Lines that are written by `work` name this origin. */
  actingFrom<Result>(origin: AuditOrigin, work: () => Promise<Result>): Promise<Result>
  recordAudit(entry: AuditEntry): Promise<void>
  /** Newest last: the newest lines, or those after `afterSeq`. At most 10,000. */
  audit(query: { readonly afterSeq?: number; readonly limit: number }): Promise<readonly AuditRow[]>
  /** Recomputes a hash chain, and looks for the heads that were stored elsewhere. */
  verifyChain(chain: Chain, heads: readonly AnchoredHead[]): Promise<VerifiedChain>
  headsSince(after: Readonly<Record<Chain, number>>): Promise<HeadsSince>
  /** Remembers that the ends of the streams were stored elsewhere now. */
  noteAnchor(): Promise<void>
  auditProtection(): Promise<AuditProtection>
}
