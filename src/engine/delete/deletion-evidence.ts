/**
 * Decides whether a system's "it does not exist" can be trusted: the same account must respond as before, and
 * other known records must still exist. Absence reported by an unauthenticated session or by another tenant
 * is no evidence of a deletion.
 */
import type { Fact } from '../../store/contract.ts'
import type { EngineContext } from '../context.ts'
import type { Doubt } from '../memory.ts'
import { compareFingerprint } from '../observe/fingerprint.ts'
import type { Place } from '../place.ts'

/** Number of linked records that must be found, or all of them if there are fewer. */
const SENTINELS = 3
/**
 * Maximum number of sentinels to read. It is higher than the number required so that a mass deletion, in
 * which some sentinels are deleted too, can be told from an outage.
 */
const SENTINELS_ASKED = 9
/** Sentinels that are gone keep deletions in doubt for this long. */
const LOST_MS = 24 * 3_600_000
/** How long one verdict about a system's health is reused for further deletions. */
const VERDICT_LIFE_MS = 5_000

/**
 * Evaluates the health of the place; undefined when it is good. `except` is the record in question, which
 * can't serve as a sentinel.
 */
export function doubtAbsence(
  context: EngineContext,
  place: Place,
  except: string,
  signal: AbortSignal,
): Promise<Doubt | undefined> {
  const { doubts } = context.memory
  const key = JSON.stringify([place.system, place.entity.name])
  const now = context.clock.now()
  const known = doubts.get(key)
  if (known !== undefined && now - known.at < VERDICT_LIFE_MS) return known.verdict
  const verdict = judge(context, place, except, signal)
  doubts.set(key, { at: now, verdict })
  // A failed evaluation must not be reused.
  verdict.catch(() => doubts.delete(key))
  return verdict
}

async function judge(
  context: EngineContext,
  place: Place,
  except: string,
  signal: AbortSignal,
): Promise<Doubt | undefined> {
  const store = context.store.direct
  const account = await compareFingerprint({ ...context, store }, place.system, signal)
  if (account === 'changed') return { reason: 'a different account responds than before', standing: true }
  // Other records alone are no evidence: two accounts may contain the same ids.
  if (account === 'unknown') return { reason: 'the system does not identify its account', standing: true }
  const nativeIds = await store.sentinels(place.system, place.entity.name, SENTINELS_ASKED, except)
  const responses = await askSentinels(context, place, nativeIds, signal)
  if (responses.unknown > 0) {
    return { reason: 'the system does not return records that are known to exist', standing: false }
  }
  await rememberGone(context, place, responses)
  if (responses.live < Math.min(SENTINELS, nativeIds.length)) return strange
  if (nativeIds.length > 0) return undefined
  // No sentinel is left. Either the system is small, or all sentinels disappeared together with the record.
  return (await hasLostWitnesses(context, place)) ? strange : undefined
}

const strange: Doubt = { reason: 'other records, not known to be deleted, are missing too', standing: true }

interface Responses {
  readonly live: number
  readonly unknown: number
  readonly gone: readonly string[]
}

/** Reads a few sentinels at a time: when the system is healthy, the first three reads are enough. */
async function askSentinels(
  context: EngineContext,
  place: Place,
  nativeIds: readonly string[],
  signal: AbortSignal,
): Promise<Responses> {
  let live = 0
  let unknown = 0
  const gone: string[] = []
  for (let start = 0; start < nativeIds.length && live < SENTINELS; start += SENTINELS) {
    const asked = nativeIds.slice(start, start + SENTINELS)
    const reads = await Promise.all(
      asked.map((nativeId) =>
        context.read({ system: place.system, resource: place.part.resource, nativeId, signal }),
      ),
    )
    reads.forEach((read, index) => {
      if (read === 'shut' || read.result.kind === 'unknown') unknown += 1
      else if (read.result.kind === 'live') live += 1
      else gone.push(asked[index] ?? '')
    })
  }
  return { live, unknown, gone }
}

/**
 * A sentinel that is gone is itself a possible deletion, so it is marked for reading. Its unannounced
 * disappearance is remembered for a day.
 */
async function rememberGone(context: EngineContext, place: Place, responses: Responses): Promise<void> {
  const store = context.store.direct
  const { system } = place
  const entity = place.entity.name
  if (responses.live >= SENTINELS || responses.gone.length === 0) return
  await store.saveFact(witnessesLost(place), context.clock.now())
  await store.intake([
    { marks: responses.gone.map((nativeId) => ({ system, entity, nativeId, force: true })) },
  ])
  context.wake()
}

async function hasLostWitnesses(context: EngineContext, place: Place): Promise<boolean> {
  const at = await context.store.direct.factAt(witnessesLost(place))
  return at !== undefined && context.clock.now() - at < LOST_MS
}

function witnessesLost({ system, entity }: Place): Fact {
  return { kind: 'witnesses-lost', system, entity: entity.name }
}
