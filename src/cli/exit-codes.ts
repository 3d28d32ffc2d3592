/** Exit codes of every command; scripts may rely on them. */
export const exitCodes = {
  /** It worked. */
  fine: 0,
  /** It failed; the message says what, on what, and what to do. */
  failed: 1,
  /** It worked and found something that needs a decision or would change something. */
  needsDecision: 2,
  /** A person has paused the work: nothing is wrong, and nothing is carried over. */
  paused: 3,
  /** The command line itself is wrong. */
  usage: 64,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
