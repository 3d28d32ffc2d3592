/** One check of a run by the oracle. Each judge sees the systems and the store, never the engine's own memory. */
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import type { Version } from '../../support/fake-system/remote-table.ts'
import type { History } from '../history.ts'
import type { Scenario } from '../scenario.ts'
import type { Scheduler } from '../scheduler.ts'
import type { EngineWrite } from '../sim-network.ts'
import type { Tally } from '../tally.ts'
import type { Things } from '../things.ts'

export interface Violation {
  readonly invariant: string
  readonly message: string
  readonly at: number
}

/** Data shared by all judges. */
export interface Bench {
  readonly scenario: Scenario
  readonly scheduler: Scheduler
  readonly history: History
  readonly tally: Tally
  readonly things: Things
  readonly fail: (invariant: string, message: string) => void
  /** When every process had learnt that the first load of customers has listed every system; undefined: not yet. */
  readonly firstLoadAt: () => number | undefined
  /** The process that makes the call has read this state of the record. */
  readonly wasShown: (call: EngineWrite, version: Version) => boolean
  /** The text is or was agreed, or is kept in a conflict. */
  readonly isKept: (text: string) => boolean
}

export interface Judge {
  /** A request of the engine is sent by its process. */
  sending?(call: EngineWrite): void
  /** A write of the engine is about to take effect. */
  applying?(call: EngineWrite, before: Version | undefined): void
  applied?(call: EngineWrite, version: Version): void
  committed?(item: Decision | Settlement, before: RecordDetail | undefined, after: RecordDetail): void
}

/** How long the record has had this code without interruption, in milliseconds. */
export function hasHadCodeFor(history: readonly Version[], code: unknown, now: number): number {
  let since = now
  for (const version of [...history].reverse()) {
    if (version.body?.code !== code) break
    since = version.at
  }
  return now - since
}
