/** Looks that found nothing: handed to the deletion side, which alone decides what an absence means. */
import type { Pass, StepResult } from '../context.ts'

/** Follows up each look that showed the record gone, and suspicions whose second look is due. */
export async function followGone(pass: Pass): Promise<StepResult> {
  const { parts } = pass.context
  for (const [system, observation] of [...pass.observations]) {
    if (observation.kind !== 'gone' || pass.members.get(system)?.state !== 'linked') continue
    const verdict = await parts.handleGone(pass, system)
    if (verdict !== 'go-on') return verdict
  }
  const suspected = [...pass.members.values()].some((member) => member.state === 'suspect')
  return suspected ? parts.continueDeletion(pass) : 'go-on'
}
