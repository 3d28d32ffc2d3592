/**
 * The first lists of a place. A list that cannot prove itself complete, such as one by offset, is accepted
 * once another one finds nothing new, so the place is listed again at once. While people keep entering
 * records, every list finds some: after a few lists, one that found only a few new records is accepted as
 * well, since they are known by then and creates would otherwise wait indefinitely.
 */
import type { IntakeContext } from '../context.ts'
import type { Place } from '../place.ts'
import { acceptBaseline, isBaselineDone } from './baseline.ts'
import type { FullRunRequest, FullRunResult } from './full-run.ts'
import type { Runs } from './runs.ts'

/** Maximum number of consecutive lists. */
const LISTS_MAX = 4
/** New records that the last of them may have found: this number, or this share of the listed ones. */
const NEW_MAX = 5
const NEW_SHARE = 0.01

/**
 * Lists the place once, and then until its first load is done. The result is that of the last list, with the
 * records found by all of them.
 */
export async function listFirst(
  context: IntakeContext,
  runs: Runs,
  place: Place,
  request: Pick<FullRunRequest, 'kind' | 'priority' | 'signal'>,
): Promise<FullRunResult> {
  const asked: FullRunRequest = { ...request, system: place.system, entity: place.entity.name }
  let run = await runs.full(asked)
  // A record that was not read yet counts as changed in each later list.
  const { changed } = run
  let { discovered } = run
  for (let lists = 1; await needsAnother(context, place, run, request.signal); lists += 1) {
    if (lists === LISTS_MAX) {
      if (run.discovered <= Math.max(NEW_MAX, run.seen * NEW_SHARE)) await acceptBaseline(context, place)
      break
    }
    run = await runs.full(asked)
    discovered += run.discovered
  }
  return { ...run, changed, discovered }
}

async function needsAnother(
  context: IntakeContext,
  place: Place,
  run: FullRunResult,
  signal: AbortSignal,
): Promise<boolean> {
  if (!run.ended || run.discovered === 0 || signal.aborted) return false
  return !(await isBaselineDone(context, place))
}
