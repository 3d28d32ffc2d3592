/** All judges of a run, in the order in which they are called. */
import { Copies } from './copies.ts'
import { Emptied } from './emptied.ts'
import { EndlessWrites } from './endless-writes.ts'
import { Frame } from './frame.ts'
import { Holds } from './holds.ts'
import { Identity } from './identity.ts'
import type { Bench, Judge } from './judge.ts'
import { LateEdits } from './late-edits.ts'
import { References } from './references.ts'
import { Removals } from './removals.ts'
import { Scope } from './scope.ts'
import { Undecided } from './undecided.ts'

/** The judges that get additional information, and all of them. */
export interface Judges {
  readonly lateEdits: LateEdits
  readonly copies: Copies
  readonly emptied: Emptied
  readonly all: readonly Judge[]
}

/** `turns`: native records that only people change, slowly. */
export function createJudges(bench: Bench, turns: ReadonlySet<string>): Judges {
  const lateEdits = new LateEdits(bench)
  const copies = new Copies(bench)
  const emptied = new Emptied(bench)
  const others = [new Removals(bench), new Frame(bench), new Scope(bench), new Undecided(bench)]
  const all = [
    lateEdits,
    copies,
    emptied,
    ...others,
    new Identity(bench),
    new Holds(bench, turns),
    new References(bench),
    new EndlessWrites(bench),
  ]
  return { lateEdits, copies, emptied, all }
}
