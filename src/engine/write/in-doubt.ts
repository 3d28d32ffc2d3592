/**
 * Intents in doubt: resolves writes whose outcome is unknown. Every intent that is open when a record is
 * claimed is one.
 *
 * Updates with a precondition are abandoned at once: a late effect is impossible once anything has changed.
 * Plain updates wait until nothing can take effect any more. Their values stay in the own-write memory, and
 * the pass that follows computes again what is needed.
 *
 * Creates are resolved by the strongest identity that the system offers (H16 to H18):
 * - client id, upsert key: the same bytes again · idempotency key: the same, within the key's lifetime
 * - marker, natural key: a search once the index must show it: one hit is adopted, with none the record is
 *   created again, several are left for review
 * - nothing: at most one attempt was made, a person decides
 */

import type { FindRequest, FindResult } from '../../connectors/kit/contract.ts'
import { laneUntil, openLane } from '../../model/lane.ts'
import { openIntentFields } from '../../model/merge/outcome.ts'
import type { Intent } from '../../model/state.ts'
import { markerSearch } from '../observe/marker.ts'
import { translateOutwards } from '../observe/references.ts'
import { commitSettlement, commitSoFar, resolveIntent } from '../pass/commit.ts'
import type { Pass, StepResult } from '../pass/contract.ts'
import { addNeed, emit, note, setLane, updateMember } from '../pass/pass.ts'
import { priorityOf } from '../pass/priority.ts'
import { type Place, placeOf } from '../place.ts'
import type { OutgoingWrite } from '../ports.ts'
import { backoffMs, spreadAfter } from '../protect/backoff.ts'
import { checkHits } from './check-hits.ts'
import { sendWindow } from './compose.ts'
import { send } from './dispatch.ts'
import { canResend, inFlightUntil, searchableBy, settledBy, storedError } from './horizon.ts'
import { takeOutcome } from './outcome.ts'
import { quarantineCreate } from './quarantine-create.ts'

/** Longest wait between two failed searches for a create in doubt. */
const searchWaitMaxMs = 10_000

/** Resolves the open intents of a claimed record, or closes their lanes until that is possible. */
export async function recoverIntents(pass: Pass): Promise<StepResult> {
  for (const intent of [...pass.intents.values()]) {
    const verdict = await recover(pass, intent)
    if (verdict !== 'go-on') return verdict
  }
  return 'go-on'
}

async function recover(pass: Pass, intent: Intent): Promise<StepResult> {
  const member = pass.members.get(intent.system)
  if (member?.lane.state === 'quarantined') return 'go-on'
  if (intent.operation === 'create') return resolveCreate(pass, intent)
  const until = inFlightUntil(pass, intent)
  const harmless = intent.request.ifVersion !== undefined || pass.context.clock.now() >= until
  return harmless ? abandon(pass, intent, 'harmless') : keepClosed(pass, intent, until)
}

/**
 * Abandons an intent that can do no harm any more. An update is verified by a read once its horizon has
 * passed.
 */
function abandon(pass: Pass, intent: Intent, outcome: string): StepResult {
  resolveIntent(pass, intent, { state: 'abandoned', outcome })
  emitResolved(pass, intent, outcome)
  if (intent.operation === 'update') {
    updateMember(pass, { system: intent.system, settleAt: settledBy(pass, intent) })
  }
  reopen(pass, intent.system)
  return 'go-on'
}

function reopen(pass: Pass, system: string): void {
  if (pass.members.get(system)?.lane.state === 'in-doubt') setLane(pass, system, openLane)
}

function keepClosed(pass: Pass, intent: Intent, until: number): StepResult {
  const member = pass.members.get(intent.system)
  if (member?.lane.state !== 'in-doubt' || member.lane.until !== until) {
    setLane(pass, intent.system, {
      state: 'in-doubt',
      reason: member?.lane.reason ?? 'unknown-outcome',
      until,
    })
  }
  addNeed(pass, { at: until + 1, why: 'in-doubt' })
  return 'go-on'
}

function keepClosedForAWhile(pass: Pass, intent: Intent): StepResult {
  const { clock, random, settings } = pass.context
  const attempts = (pass.members.get(intent.system)?.laneAttempts ?? 0) + 1
  updateMember(pass, { system: intent.system, laneAttempts: attempts })
  // The failure of the search is the system's and not the record's: it is repeated soon after the system is
  // back.
  const bounds = { baseMs: settings.backoffBaseMs, maxMs: Math.min(searchWaitMaxMs, settings.backoffMaxMs) }
  return keepClosed(pass, intent, clock.now() + backoffMs(random, attempts, bounds))
}

async function resolveCreate(pass: Pass, intent: Intent): Promise<StepResult> {
  const { clock } = pass.context
  const place = placeOf(pass.context, intent.system, pass.entity.name)
  const answered = pass.context.answeredCreates.nativeIdOf(intent.id)
  if (answered !== undefined) return adopt(pass, intent, answered)
  const until = laneUntil(pass.members.get(intent.system)?.lane ?? openLane) ?? 0
  if (canResend(pass, intent, clock.now())) {
    return until > clock.now() ? keepClosed(pass, intent, until) : resend(pass, intent, place)
  }
  const ready = Math.max(until, searchableBy(pass, intent))
  if (ready > clock.now()) return keepClosed(pass, intent, ready)
  const request = await findRequest(pass, intent, place)
  if (request !== undefined) return search(pass, intent, { place, request })
  quarantineCreate(pass, intent, {
    code: 'CREATE_IN_DOUBT',
    message: 'The create may have taken effect, and the system provides no way to find out.',
  })
  return 'go-on'
}

/** Sends the same bytes again, after the new time window is durable. */
async function resend(pass: Pass, intent: Intent, place: Place): Promise<StepResult> {
  const { notAfter } = sendWindow(pass, intent.system)
  const { values } = intent.request
  const planned = { system: intent.system, operation: 'create' as const, values, revs: intent.revs }
  const fields = pass.members.get(intent.system)?.fields ?? {}
  resolveIntent(pass, intent, { state: 'open', outcome: intent.outcome ?? 'resent', notAfter })
  updateMember(pass, {
    system: intent.system,
    fields: openIntentFields(place.part, fields, { planned, body: values, notAfter }),
  })
  if ((await commitSettlement(pass, { kind: 'keep' })).kind !== 'ok') return 'over'
  const write: OutgoingWrite = { intent: { ...intent, notAfter }, planned, body: values }
  const outcome = await send(pass, write)
  if (outcome.kind === 'unsent' || outcome.kind === 'not-sent') {
    const { clock, gates, random, settings } = pass.context
    const now = clock.now()
    const until = gates.get(intent.system)?.closedUntil() ?? now + settings.backoffBaseMs
    return keepClosed(pass, write.intent, spreadAfter(random, now, until))
  }
  // The response may show the record as it was created, or as it is now: the read that follows determines its
  // values.
  if (outcome.kind === 'ok') return adopt(pass, write.intent, outcome.nativeId)
  await takeOutcome(pass, write, outcome)
  if (outcome.kind === 'unknown') {
    const replays = place.resource.capabilities.idempotency?.replaysErrors === true
    // After repeated error responses of the system the create was left for review.
    if (replays && pass.intents.has(intent.system))
      resolveIntent(pass, write.intent, { state: 'open', outcome: storedError })
    return 'go-on'
  }
  emitResolved(pass, intent, outcome.kind)
  reopen(pass, intent.system)
  return 'go-on'
}

/** Returns how this create can be found; undefined when it can't. */
async function findRequest(pass: Pass, intent: Intent, place: Place): Promise<FindRequest | undefined> {
  const { capabilities, find } = place.resource
  if (find === undefined || capabilities.search === undefined) return undefined
  const byMarker = markerSearch(place, intent.request.marker ?? intent.recordId)
  if (byMarker !== undefined || capabilities.create === 'none') return byMarker
  const { values } = intent.request
  for (const rule of pass.entity.match) {
    if (rule.kind !== 'exact' || rule.fields.some((field) => (values[field] ?? null) === null)) continue
    const known = Object.fromEntries(rule.fields.map((field) => [field, values[field] ?? null]))
    const writing = await place.part.lens.write(translateOutwards(pass, place.part, known), undefined)
    if (writing.problems.length === 0) return { by: 'values', values: writing.patch }
  }
  return undefined
}

interface Search {
  readonly place: Place
  readonly request: FindRequest
}

async function search(pass: Pass, intent: Intent, { place, request }: Search): Promise<StepResult> {
  const result = await find(pass, { place, request })
  if (result === 'shut' || result.kind === 'unknown') return keepClosedForAWhile(pass, intent)
  const nativeIds = await checkHits(pass, { place, request, intent }, [...new Set(result.nativeIds)])
  if (nativeIds === 'unknown') return keepClosedForAWhile(pass, intent)
  const [only] = nativeIds
  if (only === undefined) {
    return result.capped ? keepClosedForAWhile(pass, intent) : abandon(pass, intent, 'not-found')
  }
  if (nativeIds.length > 1 || result.capped) {
    quarantineCreate(pass, intent, {
      code: 'CREATE_AMBIGUOUS',
      message: `${nativeIds.length} records could be the result of a create that received no response.`,
    })
    return 'go-on'
  }
  return adopt(pass, intent, only)
}

async function find(pass: Pass, { place, request }: Search): Promise<FindResult | 'shut'> {
  const priority = await priorityOf(pass)
  const { system, part } = place
  const { id: passId, signal } = pass
  return pass.context.find({ system, resource: part.resource, request, signal, priority, passId })
}

/** The record is ours. Its values are absorbed by the read that follows in this pass. */
async function adopt(pass: Pass, intent: Intent, nativeId: string): Promise<StepResult> {
  resolveIntent(pass, intent, { state: 'done', outcome: 'adopted' })
  note(pass, {
    kind: 'outcome',
    body: { intent: intent.id, system: intent.system, outcome: 'adopted', nativeId },
  })
  emitResolved(pass, intent, 'adopted')
  updateMember(pass, {
    system: intent.system,
    nativeId,
    state: 'linked',
    createWantedAt: null,
    evidence: null,
    settleAt: pass.context.clock.now(),
  })
  reopen(pass, intent.system)
  // At once: another record may already have it.
  return (await commitSoFar(pass)) ? 'go-on' : 'over'
}

function emitResolved(pass: Pass, intent: Intent, result: string): void {
  emit(pass, {
    type: 'IntentResolved',
    recordId: pass.record.id,
    system: intent.system,
    intentId: intent.id,
    result,
  })
}
