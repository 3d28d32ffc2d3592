/**
 * Reports the evidence that is gathered before a create in a system, and what it does not cover: how long
 * before the create a record may have been entered there without being detected. If no evidence is possible,
 * that is reported, with its effect on creates.
 */
import type { RemoteCapabilities } from '../../connectors/kit/capabilities.ts'
import {
  chooseMeans,
  type EvidenceMeans,
  type EvidencePlan,
  lagOf,
  planEvidence,
} from '../../model/create-evidence.ts'
import type { Entity, EntitySystem } from '../../model/integration.ts'
import { durationText } from '../quota/forecast.ts'
import type { CheckRow } from './check-row.ts'

/** Maximum age of evidence when the create is sent; usually it is sent immediately. */
const evidenceMaxAgeMs = 60_000

/** One place in which records may be created. */
export interface CreatePlace {
  readonly entity: Entity
  readonly part: EntitySystem
  readonly capabilities: RemoteCapabilities
}

/** Returns one row, or none if nothing is ever created or matched there. */
export function describeEvidence({ entity, part, capabilities }: CreatePlace): CheckRow[] {
  const others = [...entity.systems.values()].filter(({ system }) => system !== part.system)
  if (!part.operations.create || others.every(({ direction }) => direction === 'target')) return []
  const plan = planEvidence(entity, part, capabilities)
  if (!plan.needed) return []
  const means = chooseMeans(plan, false)
  const subject = `${entity.name} in ${part.system}`
  if (!means.placeRead && plan.search === 'none') return [withoutEvidence(part, plan, subject)]
  const message = `before a create ${meansInWords(plan, means)}; ${windowInWords(plan, means)}, and ${foundInWords(part)}`
  return [{ level: 'ok', area: 'capabilities', subject, message }]
}

function meansInWords(plan: EvidencePlan, { search, placeRead }: EvidenceMeans): string {
  const several = plan.batch > 1 ? `, up to ${plan.batch} at once` : ''
  const searching =
    plan.search === 'blocking'
      ? 'it is searched by the fields that records are scored by'
      : 'it is searched by the match fields'
  const looking =
    plan.placeRead === 'feed'
      ? 'its changes are read to their end'
      : 'its complete list is read, at most once a minute'
  if (search && placeRead) return `${searching}${several} and ${looking}`
  return search ? `${searching}${several}` : looking
}

function windowInWords(plan: EvidencePlan, means: EvidenceMeans): string {
  const lag = lagOf(plan, means)
  const between = `between this check and the create (usually immediate, ${durationText(evidenceMaxAgeMs)} at most)`
  const when = lag === 0 ? between : `in the ${durationText(lag)} before this check, or ${between}`
  return `a record entered there ${when} is a duplicate`
}

/** Describes when a duplicate is detected. */
function foundInWords({ triggers }: EntitySystem): string {
  const polls = triggers.flatMap((trigger) => (trigger.kind === 'poll' ? [trigger.everyMs] : []))
  if (polls.length > 0) return `the next poll detects it (every ${durationText(Math.min(...polls))})`
  const hooks = triggers.some(({ kind }) => kind === 'webhook')
  const full = triggers.some(({ kind }) => kind === 'full')
  if (hooks) return `a webhook detects it${full ? ', or the next full run' : ''}`
  return full ? 'the next full run detects it' : 'no regular read would detect it'
}

function withoutEvidence(part: EntitySystem, { attempt }: EvidencePlan, subject: string): CheckRow {
  const { system, createWithoutEvidence: choice } = part
  const why = attempt
    ? `it is unknown whether ${system} already has a record: its search distinguishes what the match rules treat as equal, and it has neither a change feed nor a list by keys`
    : `it is unknown whether ${system} already has a record: it has no search by the match fields, no change feed and no list by keys`
  const tried = attempt ? 'search results are matched; otherwise ' : ''
  const becomes =
    choice === 'hold'
      ? 'each create waits for a person'
      : `records are created anyway, and one entered there since the last list is a duplicate; ${foundInWords(part)}`
  const hint = `describe its search and the equality that it uses (search.equality), or a change feed; or set createWithoutEvidence to hold, or to create to accept the duplicates`
  return {
    level: choice === undefined ? 'warning' : 'ok',
    area: 'capabilities',
    subject,
    message: `${why}; ${tried}${becomes}${choice === undefined ? '' : ` (createWithoutEvidence: ${choice})`}`,
    ...(choice === undefined ? { hint } : {}),
  }
}
