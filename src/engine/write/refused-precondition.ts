/**
 * Writes that are refused because the record's version is reported as out of date.
 *
 * Usually somebody did change the record: it is read and written again. But a system may also refuse the
 * version that it has just returned: `If-Match` never matches a weak tag (`W/"1"`), a proxy that compresses
 * responses adds a suffix to the tag (`"1-gzip"`), and some servers make a new tag for each response.
 * Retrying would never end. Refused writes of the same value are therefore counted: fully where the following
 * read showed the same version or the same values, and at a lower weight where the record really changed.
 * Beyond the bound it is a failure.
 */
import { tagDoubt } from '../../model/entity-tag.ts'
import type { PlannedWrite } from '../../model/merge/contract.ts'
import { unseen } from '../../model/merge/member-field.ts'
import type { MemberField } from '../../model/state.ts'
import type { Pass, RefusedState } from '../pass/contract.ts'
import { keepFailure } from '../pass/failure.ts'
import { backOff } from '../pass/lane.ts'
import { updateMember } from '../pass/pass.ts'
import type { OutgoingWrite } from '../ports.ts'
import { backoffMs } from '../protect/backoff.ts'
import { refuse } from './compose.ts'

const code = 'ENGINE_PRECONDITION_REFUSED'

/**
 * Maximum number of refusals of an unchanged record; reached after four passes of three rounds, since the
 * first refusal of a pass has nothing to be compared with.
 */
const standingMax = 7
/** This many refusals of a changing record count as one of an unchanged record. */
const movesPerRefusal = 10

/** Counts a refused write. Returns true when it is no longer repeated and a failure is reported. */
export function takeRefusedPrecondition(pass: Pass, write: OutgoingWrite): boolean {
  const { intent, planned } = write
  const { system, operation } = intent
  const state = stateBefore(pass, write)
  const previous = pass.refusedStates.get(system)
  pass.refusedStates.set(system, state)
  if (planned === undefined) return false
  const sameVersion = previous?.version !== undefined && previous.version === state.version
  const stands = sameVersion || (previous?.values !== undefined && previous.values === state.values)
  const weight = count(pass, planned, stands ? 1 : 1 / movesPerRefusal)
  if (weight < standingMax) return false
  refuse(pass, planned, code, [])
  const message = messageOf(state.version, { sameVersion, stands })
  keepFailure(pass, { system, operation, code, message, replay: 'safe' })
  return true
}

/** Waits for records that kept changing during this pass, longer each time. */
export function waitForStanding(pass: Pass): void {
  const { clock, random, settings } = pass.context
  for (const system of pass.stale) {
    const fields = Object.values(pass.members.get(system)?.fields ?? {})
    const rounds = Math.max(0, ...fields.map(({ contested }) => contested?.rounds ?? 0))
    const bounds = { baseMs: settings.backoffBaseMs, maxMs: settings.backoffMaxMs }
    // Reads succeed meanwhile, so the lane's own count of failures never grows.
    const waitMs = backoffMs(random, Math.ceil(rounds / settings.rounds), bounds)
    backOff(pass, system, { reason: 'moving', read: true, notBefore: clock.now() + waitMs })
  }
}

function stateBefore(pass: Pass, { intent }: OutgoingWrite): RefusedState {
  const seen = pass.observations.get(intent.system)
  const values = seen?.kind === 'live' ? JSON.stringify(seen.observed.values) : undefined
  return { version: intent.request.ifVersion, values }
}

/** Returns the weight of this value's refusals so far. */
function count(pass: Pass, { system, revs }: PlannedWrite, by: number): number {
  const fields: Record<string, MemberField> = { ...pass.members.get(system)?.fields }
  let highest = 0
  for (const [name, rev] of Object.entries(revs)) {
    const state = fields[name] ?? unseen
    const before = state.contested?.rev === rev ? state.contested : { weight: 0, rounds: 0 }
    const weight = before.weight + by
    fields[name] = { ...state, contested: { rev, weight, rounds: before.rounds + 1 } }
    highest = Math.max(highest, weight)
  }
  updateMember(pass, { system, fields })
  return highest
}

function messageOf(
  version: string | undefined,
  seen: { readonly sameVersion: boolean; readonly stands: boolean },
): string {
  const summary = 'The system refuses each write as out of date'
  const doubt = version === undefined ? undefined : tagDoubt(version)
  if (doubt === 'weak') {
    return `${summary}: its ETags are weak (W/…), which If-Match never matches. Take ifMatch out of the version in the manifest, or have the server send strong tags.`
  }
  if (doubt === 'suffixed') {
    return `${summary}: its ETags have the suffix of a compressed response. Have the proxy keep the tag, or take ifMatch out of the version in the manifest.`
  }
  if (seen.sameVersion) {
    return `${summary}, although the record still has the version that was sent. Correct version.ifMatch in the manifest, or take it out.`
  }
  return seen.stands
    ? `${summary}: the version changes with each read while the values stay the same. Name another version in the manifest, or take ifMatch out.`
    : `${summary}: the record is changed again and again before it can be written. Retry the failure when whatever changes it is done.`
}
