/** Sessions of people who have signed in to the admin API. */

/** `local`: by the one-time link of a process · `person`: by the identity provider */
export type SessionKind = 'local' | 'person'

/** A session, without its id in the cookie. */
export interface Session {
  readonly id: string
  readonly kind: SessionKind
  /** As the journal names it. */
  readonly actor: string
  /** As people know it. */
  readonly name: string
  readonly roles: readonly string[]
  /** Of the identity provider and its mapping of roles. Missing: a local session. */
  readonly policy?: string
  /** Where it began. */
  readonly address?: string
  readonly createdAt: number
  /** Accurate to a minute. */
  readonly seenAt: number
  readonly expiresAt: number
}

/** A session to begin. */
export interface SessionDraft {
  /** SHA-256 of the secret in the cookie. */
  readonly hash: Uint8Array
  readonly kind: SessionKind
  readonly actor: string
  readonly name: string
  readonly roles: readonly string[]
  readonly policy?: string
  readonly address?: string
  readonly expiresAt: number
  /** Hash of the session that the browser had before: it ends. */
  readonly replaces?: Uint8Array
}

/** The part of the admin store for sessions. */
export interface SessionStore {
  /** Journaled. */
  startSession(draft: SessionDraft): Promise<Session>
  /** Returns the session that has neither ended nor expired, and was used within `idleMs`. Its use is recorded once a minute. */
  findSession(hash: Uint8Array, idleMs: number): Promise<Session | undefined>
  /** Sessions that have not ended, newest first; at most 1,000. */
  sessions(idleMs: number): Promise<readonly Session[]>
  /** Returns false when there is no such session. Journaled. */
  endSession(id: string, actor: string): Promise<boolean>
}

/** The body of the journal line about a new session. */
export function startedSessionBody({ kind, name, roles, address }: SessionDraft) {
  return { signedIn: name, by: kind, roles, ...(address === undefined ? {} : { address }) }
}
