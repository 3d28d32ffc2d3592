/** The function that the engine calls once per round: absorb and decide, run the rules, plan the writes. */

import type { MergeInput, MergeResult } from './merge/contract.ts'
import { mergeRecord } from './merge/merge-record.ts'
import { planWrites } from './plan.ts'
import { applyRules } from './rules.ts'

/**
 * Merges one record and plans its writes. While a rule reports a problem, everything is decided and kept, but
 * nothing is written.
 */
export async function mergeAndPlan(input: MergeInput): Promise<MergeResult> {
  const merged = mergeRecord(input)
  const { decision, problems, asks } = await applyRules(input, merged)
  const plan = planWrites(input, decision)
  const blocked = problems.length > 0
  return {
    ...decision,
    members: plan.members,
    problems,
    asks,
    writes: blocked ? [] : plan.writes,
    waiting: blocked ? [] : plan.waiting,
    changed: decision.fields !== input.fields || plan.members.size > 0 || decision.conflicts.length > 0,
  }
}
