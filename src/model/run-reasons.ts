/** Why a full run proves no absence, where that needs a person: the words are kept with the run, and the status tells them apart by these. */

const broken = 'the list broke off: '

/** During an outage some systems answer with an empty list; one that is really empty looks the same. */
export const nothingListed = 'nothing was listed although records are known there'
/** The credentials lead elsewhere than before; see `isthmus accept-account`. */
export const otherAccount = 'another account answers than the one this store was filled from'
/** The run was ended by us. */
export const runStopped = 'stopped'

/** Stands at the end of the reason of a run whose missing records are read by id, since the list itself proves nothing about them. */
export const missingLookedAt = '; what it did not hold is read by id'

/** The reason of a run whose list did not come to its end. */
export function listBrokeOff(failure: string): string {
  return failure === runStopped ? runStopped : broken + failure
}

/** The error code of the failure that ended a list; undefined where the reason is another one. */
export function brokenOffBy(reason: string): string | undefined {
  return reason.startsWith(broken)
    ? /^[A-Z][A-Z0-9_]+(?=:)/.exec(reason.slice(broken.length))?.[0]
    : undefined
}

/** The last run of a place says that nothing else there will come right by itself. */
export function runNeedsPerson(run: {
  readonly finishedAt?: number
  readonly complete?: boolean
  readonly reason?: string
}): boolean {
  const { finishedAt, complete, reason } = run
  if (finishedAt === undefined || complete !== false || reason === undefined) return false
  return reason === nothingListed || reason === otherAccount || reason.startsWith(broken)
}

/** How many records the last run of a place missed about which nothing was done: a list that proves no absence marks none of them. */
export function missingUndecided(run: {
  readonly finishedAt?: number
  readonly complete?: boolean
  readonly reason?: string
  readonly missing?: number
}): number {
  if (run.finishedAt === undefined || run.complete !== false) return 0
  return run.reason?.endsWith(missingLookedAt) === true ? 0 : (run.missing ?? 0)
}
