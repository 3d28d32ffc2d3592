/** Counts of what a run encountered: a passing run without faults proves nothing. */
export interface Tally {
  writes: number
  creates: number
  removals: number
  decisions: number
  conflicts: number
  /** Overwrites in the window between read and write of systems without conditional writes. */
  races: number
  crashes: number
  stalls: number
  userEdits: number
  userCreates: number
  userRemovals: number
  inDoubt: number
  coerced: number
  /** Records that can't be identified after a person has changed their number. */
  renamed: number
  /** Copies created within the window in which they can't be avoided. */
  copies: number
  merges: number
  /** Edits of settled records, long after all faults. */
  lateEdits: number
  /** Writes that were confirmed but not stored. */
  unstored: number
  /** Runs whose final status reports no problem. */
  agreed: number
}

export function emptyTally(): Tally {
  return {
    writes: 0,
    creates: 0,
    removals: 0,
    decisions: 0,
    conflicts: 0,
    races: 0,
    crashes: 0,
    stalls: 0,
    userEdits: 0,
    userCreates: 0,
    userRemovals: 0,
    inDoubt: 0,
    coerced: 0,
    renamed: 0,
    copies: 0,
    merges: 0,
    lateEdits: 0,
    unstored: 0,
    agreed: 0,
  }
}

export function addTally(total: Tally, one: Tally): void {
  for (const name of Object.keys(total) as (keyof Tally)[]) total[name] += one[name]
}
