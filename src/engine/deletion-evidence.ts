/**
 * Whether a system's "it does not exist" may be believed: the same account answers as ever, and other records that we know of are still
 * there. A system that answers for nobody, or for another tenant, has deleted nothing.
 */
import type { EngineContext } from './context.ts'
import { compareFingerprint, type FingerprintVerdict } from './fingerprint.ts'
import type { Place } from './place.ts'

/** Linked records that must answer, or as many as there are. */
const SENTINELS = 3
/** Asked at most, so that a mass deletion, in which some sentinels are gone themselves, can still be told from an outage. */
const SENTINELS_ASKED = 9
/** A verdict on a system's health serves all deletions of this time. */
const VERDICT_LIFE_MS = 5_000

/** Undefined: the system is healthy. Else why its absences are not believed now. */
export type Doubt = string | undefined

export interface DeletionEvidence {
  /** Judges the place's health. `except` is the record in question: it is no witness. */
  doubt(context: EngineContext, place: Place, except: string, signal: AbortSignal): Promise<Doubt>
}

/** Creates the judge of one engine. */
export function createDeletionEvidence(): DeletionEvidence {
  const verdicts = new Map<string, { readonly at: number; readonly verdict: Promise<Doubt> }>()
  return {
    doubt(context, place, except, signal) {
      const key = JSON.stringify([place.system, place.entity.name])
      const now = context.clock.now()
      const known = verdicts.get(key)
      if (known !== undefined && now - known.at < VERDICT_LIFE_MS) return known.verdict
      const verdict = judge(context, place, except, signal)
      verdicts.set(key, { at: now, verdict })
      // A judgement that failed is nobody else's.
      verdict.catch(() => verdicts.delete(key))
      return verdict
    },
  }
}

async function judge(
  context: EngineContext,
  place: Place,
  except: string,
  signal: AbortSignal,
): Promise<Doubt> {
  const account = await compareFingerprint({ ...context, store: context.store.direct }, place.system, signal)
  if (account === 'changed') return 'another account answers than before'
  const rids = await context.store.direct.sentinels(place.system, place.entity.name, SENTINELS_ASKED, except)
  return judgeSentinels(account, await countAnswers(context, place, rids, signal), rids.length)
}

interface Answers {
  readonly live: number
  readonly unknown: number
}

/** Reads a few at a time: where all is well, three reads are enough. */
async function countAnswers(
  context: EngineContext,
  place: Place,
  rids: readonly string[],
  signal: AbortSignal,
): Promise<Answers> {
  let live = 0
  let unknown = 0
  for (let start = 0; start < rids.length && live < SENTINELS; start += SENTINELS) {
    const reads = await Promise.all(
      rids
        .slice(start, start + SENTINELS)
        .map((rid) => context.read({ system: place.system, resource: place.part.resource, rid, signal })),
    )
    for (const read of reads) {
      if (read === 'shut' || read.result.kind === 'unknown') unknown += 1
      else if (read.result.kind === 'live') live += 1
    }
  }
  return { live, unknown }
}

function judgeSentinels(account: FingerprintVerdict, { live, unknown }: Answers, asked: number): Doubt {
  if (unknown > 0) return 'the system does not answer for records that are known to exist'
  if (live < Math.min(SENTINELS, asked)) return 'records that nobody deleted are gone too'
  if (asked === 0 && account === 'unknown')
    return 'neither the account nor another record vouches for the system'
  return undefined
}
