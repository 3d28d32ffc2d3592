/**
 * The verdict on one place, derived from its known facts. `agreed` requires all of the following:
 *
 * - the last completed read is younger than `max(3 × interval, 2 × its duration, freshness objective)`, and
 *   no read fails
 * - where it can be listed: everything was compared within twice the interval of full runs
 * - no record that the last list missed is undecided
 * - no lane is closed, and nothing waits
 *
 * One failed read is considered transient and reported as `working`; the second in a row is `attention`, and
 * so is the first where the last completed read is too old.
 */
import { causeOf, describeRunEnd, missingUndecided, runNeedsPerson } from '../run-reasons.ts'
import {
  byWeight,
  type HealthReason,
  type LaneDelay,
  type PlaceFacts,
  type PlaceVerdict,
  type PlaceWatch,
  stateOf,
} from './contract.ts'
import { counted, fixOf, laneInWords, summaryOf } from './words.ts'

/**
 * Reads are recorded every few seconds at most, and a busy machine is late now and then: no limit is shorter
 * than this.
 */
const shortestLimitMs = 15_000
/**
 * Lanes that only a person, or a change of the record, opens again; each should have a failure or a hold, but
 * counts without one as well.
 */
const closedLanes: ReadonlyMap<string, string> = new Map([
  ['rejected', 'isthmus failures list'],
  ['held', 'isthmus held list, isthmus failures list'],
  ['quarantined', 'isthmus failures list'],
])

export interface JudgeClock {
  readonly now: number
  /** How long a record may wait before it needs attention. */
  readonly staleAfterMs: number
}

/** Evaluates one place. Pure. */
export function judgePlace(watch: PlaceWatch, facts: PlaceFacts, clock: JudgeClock): PlaceVerdict {
  const { system, entity } = watch
  const found = [
    ...judgeReads(watch, facts, clock),
    ...judgeLists(watch, facts, clock),
    ...judgeDelays(facts, clock),
    ...judgePause(facts, clock),
  ]
  const { backlog } = facts
  if (backlog !== undefined && backlog.count > 0) {
    found.push({
      code: 'moving',
      state: 'working',
      message: `${counted(backlog.count, 'record')} in progress`,
      ...(backlog.since === undefined ? {} : { since: backlog.since }),
    })
  }
  const reasons = byWeight(found.map((reason) => ({ system, entity, ...reason })))
  return { state: stateOf(reasons), reasons, notes: notesOf(facts) }
}

/** When the place was last read, or the last announcement where nothing reads it regularly. */
export function heardAt(watch: PlaceWatch, { health, system }: PlaceFacts): number | undefined {
  const read = health?.readAt
  const heard = watch.readEveryMs === undefined ? system?.heardAt : undefined
  return read === undefined || heard === undefined ? (read ?? heard) : Math.max(read, heard)
}

/** The maximum age of the last read; undefined: there is none. */
export function readLimitMs(
  { readEveryMs, freshnessMs }: PlaceWatch,
  { health }: PlaceFacts,
): number | undefined {
  if (readEveryMs === undefined && freshnessMs === undefined) return undefined
  return Math.max(3 * (readEveryMs ?? 0), 2 * (health?.readMs ?? 0), freshnessMs ?? 0, shortestLimitMs)
}

function canBeRead({ health }: PlaceFacts): boolean {
  return health?.paging === undefined || health.paging !== 'none' || health.feed === true
}

function judgeReads(watch: PlaceWatch, facts: PlaceFacts, { now }: JudgeClock): HealthReason[] {
  const { health } = facts
  const limitMs = readLimitMs(watch, facts)
  const heard = heardAt(watch, facts)
  const isOld = heard !== undefined && limitMs !== undefined && now - heard > limitMs
  if (health?.failing !== undefined && health.failures > 0)
    return [failingReason(facts, health.failing, isOld)]
  // A write-only place that can't be listed is never read as a whole.
  if (watch.writtenOnly && !canBeRead(facts)) return []
  const reasons: HealthReason[] = []
  if (limitMs === undefined && !watch.writtenOnly) {
    reasons.push({
      code: 'not-watched',
      state: 'unwatched',
      message: 'it is not read regularly: a change without a webhook would not be detected',
      action: 'add a poll or full trigger, or declare objectives.freshness for the system',
    })
  }
  if (heard === undefined && canBeRead(facts)) {
    return [...reasons, { code: 'never-read', state: 'never-seen', message: 'it was not read yet' }]
  }
  if (!isOld) return reasons
  return [
    ...reasons,
    {
      code: 'read-old',
      state: 'attention',
      message: 'it has not been read for longer than allowed',
      since: heard,
      action: 'make sure that a process with the role scheduler is running: isthmus start',
    },
  ]
}

function failingReason(
  { health }: PlaceFacts,
  failing: NonNullable<NonNullable<PlaceFacts['health']>['failing']>,
  isOld: boolean,
): HealthReason {
  const never = health?.readAt === undefined ? ', and it was never read' : ''
  const message = `its ${failing.way} can't be read${never}: ${failing.message} (${failing.code})`
  const action =
    fixOf(failing.cause ?? failing.code) ?? 'run isthmus check: it reads the system and reports what is wrong'
  // A read that hangs for long before it fails is not transient, and must not hide that the place has not
  // been read since.
  const certain = isOld || (health?.failures ?? 0) > 1
  return {
    code: certain ? 'read-failing' : 'read-retried',
    state: certain ? 'attention' : 'working',
    message,
    since: failing.since,
    action,
  }
}

function judgeLists(watch: PlaceWatch, facts: PlaceFacts, { now }: JudgeClock): HealthReason[] {
  const { health, lastRun } = facts
  if (health?.paging === 'none') return []
  const reasons: HealthReason[] = []
  const finished = lastRun?.finishedAt !== undefined
  const isDoubted = finished && runNeedsPerson(lastRun)
  if (isDoubted && !isReadProblem(facts)) {
    const action = fixOf(causeOf(lastRun.reason) ?? '')
    reasons.push({
      code: 'list-in-doubt',
      state: 'attention',
      message: `its last list is in doubt: ${describeRunEnd(lastRun) ?? ''}`,
      since: lastRun.startedAt,
      action: action ?? 'check the system and its credentials, then run isthmus full',
    })
  }
  // A complete run has marked the records it missed: they are being read, and each reports its own result.
  const missing = lastRun === undefined ? 0 : missingUndecided(lastRun)
  if (missing > 0 && !isDoubted) {
    reasons.push({
      code: 'missing',
      state: 'attention',
      message: `${counted(missing, 'known record')} ${missing === 1 ? 'was' : 'were'} not in its last list, which can't prove a deletion: ${describeRunEnd(lastRun ?? {}) ?? 'it was incomplete'}`,
      since: lastRun?.finishedAt ?? now,
      action: `isthmus full --system ${watch.system} reads the missing ones by id and resolves it`,
    })
  }
  return [...reasons, ...judgeComparison(watch, facts, now, isDoubted || reasons.length > 0)]
}

/** True when the last run ended with the failure that is already reported for the reads of this place. */
function isReadProblem({ health, lastRun }: PlaceFacts): boolean {
  const message = lastRun === undefined ? undefined : describeRunEnd(lastRun)
  return health?.failing !== undefined && health.failures > 0 && health.failing.message === message
}

function judgeComparison(
  watch: PlaceWatch,
  { health, lastRun }: PlaceFacts,
  now: number,
  doubted: boolean,
): HealthReason[] {
  const compared = health?.comparedAt
  if (compared !== undefined) {
    if (now - compared <= Math.max(2 * watch.compareEveryMs, shortestLimitMs)) return []
    return [
      {
        code: 'compare-old',
        state: 'attention',
        message: 'the last complete comparison was too long ago',
        since: compared,
        action: 'run isthmus full, and find out why the regular full runs do not complete',
      },
    ]
  }
  if (doubted || lastRun === undefined) return []
  const { finishedAt, reason } = lastRun
  if (finishedAt === undefined || reason === undefined || reason.code === 'stopped') {
    return [{ code: 'never-compared', state: 'working', message: 'its first complete list is in progress' }]
  }
  return [
    {
      code: 'never-compared',
      state: 'attention',
      message: `no complete list so far: ${describeRunEnd(lastRun) ?? ''}`,
      since: finishedAt,
      action:
        'run isthmus check to see what its list can prove; nothing is created there until one is complete',
    },
  ]
}

function judgeDelays({ delays }: PlaceFacts, clock: JudgeClock): HealthReason[] {
  return delays.filter(({ count }) => count > 0).map((delay) => judgeDelay(delay, clock))
}

function judgeDelay(
  { lane, reason, count, since }: LaneDelay,
  { now, staleAfterMs }: JudgeClock,
): HealthReason {
  const message = `${counted(count, 'record')} ${laneInWords(lane, reason, count)}`
  const age = since === undefined ? {} : { since }
  const list = closedLanes.get(lane)
  if (list !== undefined) return { code: 'lanes-closed', state: 'attention', message, ...age, action: list }
  const stale = since !== undefined && now - since > staleAfterMs
  const action = fixOf(reason ?? '') ?? 'run isthmus record show for details of each'
  return {
    code: 'lanes-delayed',
    state: stale ? 'attention' : 'working',
    message,
    ...age,
    ...(stale ? { action } : {}),
  }
}

function judgePause({ system }: PlaceFacts, { now, staleAfterMs }: JudgeClock): HealthReason[] {
  const paused = system?.paused
  if (paused === undefined || paused.until <= now) return []
  const action = fixOf(paused.code)
  return [
    {
      code: 'system-paused',
      state: now - paused.since > staleAfterMs ? 'attention' : 'working',
      message: `the system accepts no calls: ${summaryOf(paused.code) ?? paused.code} (${paused.code})`,
      since: paused.since,
      ...(action === undefined ? {} : { action }),
    },
  ]
}

function notesOf({ health, lastRun }: PlaceFacts): readonly string[] {
  const notes: string[] = []
  if (health?.paging === 'offset')
    notes.push('the pages of its list can skip records: it can miss some, and never proves a deletion')
  if (health?.paging === 'none' && health.feed !== true)
    notes.push(
      'it has neither a list nor a feed: changes are only detected by webhooks and by reads for other reasons',
    )
  if (health?.paging === 'none' && health.feed === true)
    notes.push('it has no list: what its feed does not report is never compared')
  // A problem that needs a person is reported as a reason and not as a note.
  if (
    lastRun?.complete === false &&
    lastRun.reason !== undefined &&
    lastRun.finishedAt !== undefined &&
    !runNeedsPerson(lastRun)
  )
    notes.push(`its last list was incomplete: ${describeRunEnd(lastRun) ?? ''}`)
  return notes
}
