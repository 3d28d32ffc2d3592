/**
 * Commits a decision with the intents of its writes, sends them in parallel, and takes their outcomes into
 * the pass.
 *
 * A write is never sent late, without its intent, or for longer than its limit: a request starts only while
 * its whole time limit still fits before `notAfter` and before the end of the lease. Both are checked on this
 * process's own clock, again right before the call, since a process may be suspended in between (H15). A
 * write whose time passed before its call could start gets a new window for the same intent
 * (`renew-window.ts`).
 */
import type { Intent } from '../../model/state.ts'
import type { DecisionResult } from '../../store/contract.ts'
import { commitDecision } from '../pass/commit.ts'
import type { Pass } from '../pass/contract.ts'
import { emitNow, note } from '../pass/pass.ts'
import { priorityOf } from '../pass/priority.ts'
import type { OutgoingWrite, SendOutcome } from '../ports.ts'
import { takeOutcome } from './outcome.ts'
import { mayRenew, renewWindows } from './renew-window.ts'

/** Windows of one intent in a pass: a write that misses all of them has a chance in the next pass. */
const windowsMax = 8

/** The result of the writes of one decision: their outcomes by system, or why nothing was sent. */
export type Dispatched =
  /** `again`: a system's version had changed (412), so the record has to be read again in this pass. */
  | { readonly kind: 'sent'; readonly outcomes: ReadonlyMap<string, SendOutcome>; readonly again: boolean }
  | Exclude<DecisionResult, { readonly kind: 'ok' }>

/**
 * Commits the draft together with the intents of these writes, and sends them. Writes to different systems
 * don't wait for each other.
 */
export async function dispatch(pass: Pass, writes: readonly OutgoingWrite[]): Promise<Dispatched> {
  for (const write of writes) noteIntent(pass, write)
  const committed = await commitDecision(pass, writes)
  if (committed.kind !== 'ok') return committed
  const outcomes = new Map<string, SendOutcome>()
  let again = false
  const take = async (write: OutgoingWrite, outcome: SendOutcome): Promise<void> => {
    outcomes.set(write.intent.system, outcome)
    const taken = await takeOutcome(pass, write, outcome)
    again ||= taken.again
  }
  let going = writes
  for (let windows = 1; going.length > 0; windows += 1) {
    const late: OutgoingWrite[] = []
    await Promise.all(
      going.map(async (write) => {
        const outcome = await send(pass, write)
        if (isLate(outcome) && windows < windowsMax && mayRenew(pass, write)) late.push(write)
        else await take(write, outcome)
      }),
    )
    const renewed = late.length === 0 ? [] : await renewWindows(pass, late)
    if (renewed === 'over') return { kind: 'fenced' }
    going = renewed
  }
  return { kind: 'sent', outcomes, again }
}

function isLate(outcome: SendOutcome): boolean {
  return outcome.kind === 'unsent' && outcome.reason === 'late'
}

/** Links a decision to its effect in the journal; without values, which the decision holds. */
function noteIntent(pass: Pass, { intent, evidence }: OutgoingWrite): void {
  note(pass, {
    kind: 'intent',
    body: {
      intent: intent.id,
      system: intent.system,
      operation: intent.operation,
      revs: intent.revs,
      definition: pass.context.integration.version,
      causes: pass.record.causes,
      ...(intent.request.ifVersion === undefined ? {} : { ifVersion: intent.request.ifVersion }),
      ...(evidence === undefined ? {} : { noneUpTo: evidence.coversUpTo }),
    },
  })
}

/** Sends a write whose intent is committed, and returns its outcome. Never rejects. */
export async function send(pass: Pass, write: OutgoingWrite): Promise<SendOutcome> {
  const { context } = pass
  const { intent } = write
  const { clock } = context
  const limitMs = context.integration.systems.get(intent.system)?.timing.writeTimeoutMs
  if (limitMs === undefined) return { kind: 'unsent', reason: 'shut' }
  const priority = await priorityOf(pass)
  const startBefore = Math.min(
    clock.monotonic() + (intent.notAfter - limitMs - clock.now()),
    pass.deadline - limitMs,
  )
  if (startBefore <= clock.monotonic()) return { kind: 'unsent', reason: 'late' }
  const startedAt = clock.now()
  const outcome = await context.writer.write({
    write,
    startBefore,
    priority,
    passId: pass.id,
    signal: pass.signal,
    sent: () => emitSent(pass, intent),
  })
  if (intent.operation === 'create' && outcome.kind === 'ok') {
    context.answeredCreates.keep(intent.id, outcome.nativeId)
  }
  if (outcome.kind !== 'unsent') emitSettled(pass, intent, outcome, clock.now() - startedAt)
  return outcome
}

function emitSent(pass: Pass, intent: Intent): void {
  emitNow(pass, {
    type: 'WriteSent',
    recordId: intent.recordId,
    entity: intent.entity,
    system: intent.system,
    operation: intent.operation,
    intentId: intent.id,
  })
}

function emitSettled(pass: Pass, intent: Intent, outcome: SendOutcome, latencyMs: number): void {
  emitNow(pass, {
    type: 'WriteSettled',
    recordId: intent.recordId,
    entity: intent.entity,
    system: intent.system,
    operation: intent.operation,
    intentId: intent.id,
    outcome: outcome.kind,
    latencyMs,
  })
}
