/** What the engine asks of the world besides stores and connectors. Injected, so that a simulation runs the same engine on virtual time. */

/** Times in milliseconds. */
export interface Clock {
  /** Epoch time on the database's clock: the only wall clock the engine knows. */
  now(): number
  /** Never goes back; for deadlines of this process. */
  monotonic(): number
  /** Resolves after `ms`, or early when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `task` in a later turn, before any timer: the moment at which a group commit closes. */
  defer(task: () => void): void
}

export interface Random {
  /** [0, 1) */
  next(): number
  /** A new record or intent id: UUID v7. */
  uuid(): string
}
