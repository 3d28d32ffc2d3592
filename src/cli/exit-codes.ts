/** Exit codes of every command; scripts may rely on them. */
export const exitCodes = {
  /** Success. */
  fine: 0,
  /** Failure; the message says what failed, on which object, and what to do. */
  failed: 1,
  /** Success, with something that needs a decision or would cause a change. */
  needsDecision: 2,
  /** A person has paused the work: there is no error, and nothing is propagated. */
  paused: 3,
  /** The command line itself is wrong. */
  usage: 64,
} as const

/** One of {@link exitCodes}. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
