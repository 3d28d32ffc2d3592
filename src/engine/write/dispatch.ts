/** Commits a decision with its intents, sends the writes side by side, and takes their outcomes into the pass. */

import type { CarryOut, OutgoingWrite, Pass, SendOutcome } from '../context.ts'
import { commitDecision } from '../pass/commit.ts'
import { note } from '../pass/pass.ts'
import { takeOutcome } from './outcome.ts'
import { send } from './send.ts'

/** See {@link CarryOut}. Writes of one record to different systems don't wait for each other. */
export const carryOut: CarryOut = async (pass, writes) => {
  for (const write of writes) noteIntent(pass, write)
  const committed = await commitDecision(pass, writes)
  if (committed.kind !== 'ok') return committed
  const outcomes = new Map<string, SendOutcome>()
  let again = false
  await Promise.all(
    writes.map(async (write) => {
      const outcome = await send(pass, write)
      outcomes.set(write.intent.system, outcome)
      const taken = await takeOutcome(pass, write, outcome)
      again ||= taken.again
    }),
  )
  return { kind: 'sent', outcomes, again }
}

/** The link of the cause chain between a decision and its effect; without values, which the decision holds. */
function noteIntent(pass: Pass, { intent, evidence }: OutgoingWrite): void {
  note(pass, {
    kind: 'intent',
    body: {
      intent: intent.id,
      system: intent.system,
      operation: intent.operation,
      revs: intent.revs,
      definition: pass.context.integration.version,
      ...(intent.request.ifVersion === undefined ? {} : { ifVersion: intent.request.ifVersion }),
      ...(evidence === undefined ? {} : { noneUpTo: evidence.coversUpTo }),
    },
  })
}
