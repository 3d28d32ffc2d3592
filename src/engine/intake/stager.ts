/** Stages the records of a list: pages of any size become digests, and digests are staged many at a time. */
import type { ListedRecord } from '../../connectors/kit/contract.ts'
import type { StagedRecord } from '../../store/contract.ts'
import type { IntakeContext } from '../context.ts'
import type { Place } from '../place.ts'
import { toStaged } from './listed-record.ts'

/**
 * Number of records that are read at a time: their references are resolved by one query. With more, the
 * records of a page outlive young garbage collections: 2,000 took 318 MB where 500 take 211 (100,000 records,
 * no slower).
 */
const READ_ROWS = 500
/** Number of records staged per commit. What is kept until then is an id and a digest each. */
const STAGE_ROWS = 5_000

export interface Stager {
  /**
   * Takes in a page. Resolves when the staging that was in flight is done, so that a slow store slows the
   * list down.
   */
  add(page: readonly ListedRecord[]): Promise<void>
  /** Stages what is left. */
  finish(): Promise<void>
  /** Waits for a staging that is in flight, whatever its result. */
  settle(): Promise<void>
}

/** Errors of the store reject the next call. */
export function createStager(context: IntakeContext, place: Place, runId: string): Stager {
  let listed: ListedRecord[] = []
  let digests: StagedRecord[] = []
  let inFlight: Promise<void> = Promise.resolve()
  const stage = (): void => {
    inFlight = context.store.stage(runId, digests)
    // Awaited by the next call; until then its rejection must not count as unhandled.
    inFlight.catch(() => undefined)
    digests = []
  }
  const read = async (): Promise<void> => {
    for (let start = 0; start < listed.length; start += READ_ROWS)
      digests = digests.concat(await toStaged(context, place, listed.slice(start, start + READ_ROWS)))
    listed = []
  }
  return {
    add: async (page) => {
      listed = listed.concat(page)
      if (listed.length < READ_ROWS) return
      await read()
      if (digests.length < STAGE_ROWS) return
      await inFlight
      stage()
    },
    finish: async () => {
      await read()
      await inFlight
      if (digests.length > 0) stage()
      await inFlight
    },
    settle: () => inFlight.catch(() => undefined),
  }
}
