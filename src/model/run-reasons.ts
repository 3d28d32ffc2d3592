/** Why a full run proves no absence, where a person has to act: the texts are stored with the run, and the status distinguishes them. */

const broken = 'the list broke off: '

/** During an outage some systems return an empty list, which looks the same as a list that is really empty. */
export const nothingListed = 'nothing was listed although records are known there'
/** The credentials belong to another account than before; see `isthmus accept-account`. */
export const otherAccount = 'another account answers than the one this store was filled from'
/** The run was ended by Isthmus. */
export const runStopped = 'stopped'

/** Suffix of the reason of a run whose missing records are read by id, since the list itself proves nothing about them. */
export const missingLookedAt = '; what it did not hold is read by id'

/** The reason of a run whose list did not reach its end. */
export function listBrokeOff(failure: string): string {
  return failure === runStopped ? runStopped : broken + failure
}

/** Returns the error code of the failure that ended a list; undefined for other reasons. */
export function brokenOffBy(reason: string): string | undefined {
  return reason.startsWith(broken)
    ? /^[A-Z][A-Z0-9_]+(?=:)/.exec(reason.slice(broken.length))?.[0]
    : undefined
}

/** True when the last run of a place reports a problem that does not resolve by itself. */
export function runNeedsPerson(run: {
  readonly finishedAt?: number
  readonly complete?: boolean
  readonly reason?: string
}): boolean {
  const { finishedAt, complete, reason } = run
  if (finishedAt === undefined || complete !== false || reason === undefined) return false
  return reason === nothingListed || reason === otherAccount || reason.startsWith(broken)
}

/** Number of records that the last run of a place missed and that were not processed: a list that proves no absence marks none of them. */
export function missingUndecided(run: {
  readonly finishedAt?: number
  readonly complete?: boolean
  readonly reason?: string
  readonly missing?: number
}): number {
  if (run.finishedAt === undefined || run.complete !== false) return 0
  return run.reason?.endsWith(missingLookedAt) === true ? 0 : (run.missing ?? 0)
}
