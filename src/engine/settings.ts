/** The bounds of one engine, and their defaults. */
import type { Integration } from '../model/integration.ts'

/** Bounds of one engine. Times in milliseconds. */
export interface EngineSettings {
  /** Records processed at the same time. @default 256 */
  readonly inFlight: number
  /**
   * Estimated bytes of the documents of these records; one record is always processed, whatever its size.
   * @default 2000000
   */
  readonly inFlightBytes: number
  /** Duration of a claim. @default 60000, longer where a system's timeouts require it */
  readonly leaseMs: number
  /** Reserved at the end of a lease. @default 2000 */
  readonly leaseMarginMs: number
  /**
   * Longest wait between two queries of the queue while records are in progress, or while wake-ups can't be
   * received. @default 500
   */
  readonly pollMs: number
  /**
   * Longest wait between two queries of an empty queue; a wake-up or a record that falls due ends it. It
   * bounds the delay when the connection for wake-ups is dead and nobody has noticed yet.
   *
   * @default 15000
   */
  readonly restMs: number
  /**
   * Between two calls of the reaper, unless no other worker is alive and nothing is in progress. @default
   * 1000
   */
  readonly reapMs: number
  /** A send starts at most this long after its intent was committed. @default 2000 */
  readonly startWindowMs: number
  /** Observe–merge–write rounds in one pass before it backs off. @default 3 */
  readonly rounds: number
  /** Claims without a finish after which a record's lanes are quarantined. @default 8 */
  readonly crashLimit: number
  /** First and longest back-off. @default 500 and 300000 */
  readonly backoffBaseMs: number
  /** Longest back-off, in milliseconds. @default 300000 */
  readonly backoffMaxMs: number
  /** A reference may wait this long for its target before a failure is reported. @default 600000 */
  readonly missingReferenceMs: number
  /** Items in one group commit. @default 256 */
  readonly batchMax: number
  /** Items waiting for a group commit; beyond it callers are refused. @default 8192 */
  readonly queueMax: number
}

/** Defaults of {@link EngineSettings}. */
export const engineDefaults: EngineSettings = Object.freeze({
  inFlight: 256,
  // 256 records of 100 fields in two systems fit.
  inFlightBytes: 2_000_000,
  leaseMs: 60_000,
  leaseMarginMs: 2_000,
  pollMs: 500,
  restMs: 15_000,
  reapMs: 1_000,
  startWindowMs: 2_000,
  rounds: 3,
  crashLimit: 8,
  backoffBaseMs: 500,
  backoffMaxMs: 300_000,
  missingReferenceMs: 600_000,
  batchMax: 256,
  queueMax: 8_192,
})

/** Part of a claim that remains beside one read and one write. */
const inLineMs = 40_000

/**
 * A claim has to outlast the slowest read and the slowest write of a pass, with time to wait for capacity: a
 * write that does not fit into the rest of the claim is not sent, so with a shorter claim it never would be.
 */
export function leaseFor({ systems }: Integration): number {
  const slowest = [...systems.values()].map(({ timing }) => timing.readTimeoutMs + timing.writeTimeoutMs)
  return Math.max(engineDefaults.leaseMs, inLineMs + Math.max(0, ...slowest))
}
