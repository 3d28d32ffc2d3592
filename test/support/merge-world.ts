/**
 * A small world around the merge: two or three systems with a hidden history, users that edit, lost responses, requests that take effect late,
 * crashes between any two steps. The judge knows what the engine can't. One pass runs at a time: leases have their own tests.
 *
 * The steps of the merge are parameters, so that tests can break one of them on purpose and check that the judge detects it.
 */
import type { Entity } from '../../src/model/integration.ts'
import type { MergeDecision, MergeInput, PlannedWrite } from '../../src/model/merge/contract.ts'
import { mergeRecord } from '../../src/model/merge/merge-record.ts'
import { absorbOutcome, openIntentFields } from '../../src/model/merge/outcome.ts'
import { planWrites } from '../../src/model/plan.ts'
import type { AgreedFields, MemberFields } from '../../src/model/state.ts'
import { entityOf, identity, truncateTo } from './merge-cases.ts'

/** The steps under test. */
export const productionSteps = { mergeRecord, planWrites, absorbOutcome, openIntentFields }
export type MergeSteps = typeof productionSteps

export interface WorldReport {
  readonly violations: readonly string[]
  readonly writes: number
  readonly edits: number
  readonly coerced: number
  readonly resurfaced: number
  readonly conflicts: number
  readonly held: number
}

export interface WorldOptions {
  /** Remotes that change every written value. */
  readonly meddling?: boolean
}

const fieldNames = ['name', 'phone']
const requestTicks = 5
const inflightTicks = 20
const width = 8
/** Faults and edits end here; then everything has to converge. */
const calmFrom = 400
const end = 1200

interface Remote {
  readonly name: string
  readonly ordered: boolean
  readonly conditional: boolean
  readonly lag: number
  readonly cuts: boolean
  readonly declared: boolean
  readonly put: boolean
  readonly history: State[]
}

interface State {
  readonly at: number
  readonly version: number
  readonly values: Readonly<Record<string, string>>
  readonly by: 'user' | 'engine'
}

interface MemberRow {
  fields: MemberFields
  floor: number
  asof: number
}

interface OpenIntent {
  readonly system: string
  readonly notAfter: number
  open: boolean
}

export function runWorld(
  seed: number,
  steps: MergeSteps = productionSteps,
  options: WorldOptions = {},
): WorldReport {
  const random = randomOf(seed)
  const int = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const chance = (share: number) => random() < share
  const meddling = options.meddling ?? false
  let now = 0
  let ids = 0
  const violations: string[] = []
  const count = { writes: 0, edits: 0, coerced: 0, resurfaced: 0, conflicts: 0, held: 0 }
  const fresh = () => `${String(++ids).padStart(width, '0')}-long`

  const start = Object.fromEntries(fieldNames.map((field) => [field, fresh()]))
  const remotes = ['crm', 'erp', 'shop'].slice(0, int(2, 3)).map((name): Remote => {
    const ordered = chance(0.6)
    const cuts = !meddling && chance(0.35)
    const values = mapValues(start, (value) => (cuts ? value.slice(0, width) : value))
    return {
      name,
      ordered,
      conditional: ordered && chance(0.6),
      lag: chance(0.6) ? int(3, 12) : 0,
      cuts,
      declared: chance(0.7),
      put: chance(0.2),
      history: [{ at: -1e6, version: 1, values, by: 'user' }],
    }
  })
  const entity = worldEntity(remotes)
  const remoteOf = (name: string) => remotes.find((remote) => remote.name === name) as Remote
  const current = (remote: Remote) => remote.history.at(-1) as State
  const keep = (remote: Remote, value: string, by: 'user' | 'engine') =>
    meddling && by === 'engine' ? `${fresh()}~${remote.name}` : remote.cuts ? value.slice(0, width) : value

  const books = {
    rev: 1,
    fields: mapValues(start, (value) => ({ value, rev: 1, src: 'crm', at: 0 })) as AgreedFields,
    members: new Map(
      remotes.map((remote) => [
        remote.name,
        {
          fields: mapValues(current(remote).values, (shadow) => ({ shadow, acked: 1 })) as MemberFields,
          floor: 1,
          asof: -1e6,
        } as MemberRow,
      ]),
    ),
    intents: [] as OpenIntent[],
    known: new Set<string>(Object.values(start)),
    seen: new Set<string>(
      remotes.flatMap((remote) =>
        Object.entries(current(remote).values).map(([f, v]) => remote.name + f + v),
      ),
    ),
  }
  const lost: { text: string; raced: boolean }[] = []

  function apply(remote: Remote, body: Readonly<Record<string, string>>, ifVersion: number | undefined) {
    const before = current(remote)
    if (ifVersion !== undefined && before.version !== ifVersion) return undefined
    const values = { ...before.values }
    for (const [field, value] of Object.entries(body)) {
      const stored = keep(remote, value, 'engine')
      const old = before.values[field] ?? ''
      if (stored !== old && originOf(remote, field, remote.history.length - 1).by === 'user') {
        const unseen = !books.seen.has(remote.name + field + old)
        if (unseen && remote.conditional && ifVersion !== undefined)
          violations.push(`blind overwrite of ${remote.name}.${field}`)
        lost.push({ text: old, raced: unseen && !remote.conditional })
      }
      values[field] = stored
    }
    const after: State = { at: now, version: before.version + 1, values, by: 'engine' }
    remote.history.push(after)
    return after
  }

  /** The state in which the value at `index` first appeared. */
  function originOf(remote: Remote, field: string, index: number): State {
    let at = index
    while (at > 0 && remote.history[at - 1]?.values[field] === remote.history[at]?.values[field]) at -= 1
    return remote.history[at] as State
  }

  const input = (looks: Map<string, Read>): MergeInput => ({
    entity,
    version: 'v1',
    rev: books.rev,
    fields: books.fields,
    members: new Map(
      remotes.map((remote) => [
        remote.name,
        {
          system: remote.name,
          state: 'linked' as const,
          fields: books.members.get(remote.name)?.fields ?? {},
          settleMs: inflightTicks + remote.lag,
          writable: !books.intents.some((intent) => intent.open && intent.system === remote.name),
        },
      ]),
    ),
    observations: new Map(
      [...looks].map(([system, look]) => [
        system,
        { system, values: look.state.values, unknown: new Set<string>(), at: look.at },
      ]),
    ),
    guarded: new Set(),
    referable: () => true,
    now,
    newId: () => `c${++ids}`,
  })

  function judge(decision: MergeDecision, looks: Map<string, Read>) {
    const conflicted = new Set(decision.conflicts.map((draft) => draft.field))
    for (const draft of decision.conflicts)
      for (const { value } of draft.candidates) books.known.add(String(value))
    for (const change of decision.changes) {
      books.known.add(String(change.to))
      const look = looks.get(change.src)
      if (look === undefined || change.from === change.to) continue
      const remote = remoteOf(change.src)
      const index = remote.history.indexOf(look.state)
      const origin = originOf(remote, change.field, index)
      if (origin.by === 'engine' && !meddling)
        violations.push(`echo of ${change.src}.${change.field} ${String(change.to)}`)
      const before = remote.history.slice(0, remote.history.indexOf(origin))
      const knew = before.some((state) => alike(state.values[change.field] ?? '', String(change.from)))
      if (!knew && !conflicted.has(change.field) && !meddling)
        violations.push(`unnoticed concurrency of ${change.src}.${change.field}`)
    }
    count.conflicts += decision.conflicts.length
    count.held += decision.oscillations.length
    count.coerced += decision.notes.filter((note) => note.kind === 'coerced').length
    count.resurfaced += decision.notes.filter((note) => note.kind === 'resurfaced').length
  }

  /** One pass; the process may die at every `yield`. The yielded number is the duration of the step. */
  function* pass(): Generator<number, void> {
    for (const intent of books.intents)
      if (intent.open && now >= intent.notAfter + inflightTicks) intent.open = false
    const looks = new Map<string, Read>()
    for (const remote of remotes) {
      const at = now
      const stale = now < calmFrom && remote.lag > 0 && chance(0.5) ? int(0, remote.lag) : 0
      const state = [...remote.history].reverse().find((known) => known.at <= at - stale) ?? current(remote)
      yield int(0, 3)
      if (now < calmFrom && chance(0.05)) continue
      const row = books.members.get(remote.name) as MemberRow
      const unchanged = fieldNames.every((field) => state.values[field] === row.fields[field]?.shadow)
      if (remote.ordered ? state.version >= row.floor : unchanged || at >= row.asof + remote.lag)
        looks.set(remote.name, { state, at })
    }
    yield int(0, 2)
    const given = input(looks)
    const decision = steps.mergeRecord(given)
    const plan = steps.planWrites(given, decision)
    judge(decision, looks)
    books.rev = decision.rev
    books.fields = decision.fields
    for (const [system, fields] of plan.members)
      Object.assign(books.members.get(system) as MemberRow, { fields, asof: now })
    for (const [system, look] of looks) {
      const row = books.members.get(system) as MemberRow
      row.floor = Math.max(row.floor, look.state.version)
      for (const [field, value] of Object.entries(look.state.values)) books.seen.add(system + field + value)
    }
    yield int(0, 2)
    for (const write of plan.writes) {
      const look = looks.get(write.system)
      if (look !== undefined) yield* send(write, look)
    }
  }

  function* send(write: PlannedWrite, look: Read): Generator<number, void> {
    const remote = remoteOf(write.system)
    const row = books.members.get(write.system) as MemberRow
    const planned = mapValues(write.values, String)
    const body = remote.put ? { ...look.state.values, ...planned } : planned
    const intent: OpenIntent = { system: remote.name, notAfter: now + 6, open: true }
    const part = entity.systems.get(remote.name)
    if (part === undefined) return
    row.fields = steps.openIntentFields(part, row.fields, { planned: write, body, notAfter: intent.notAfter })
    books.intents.push(intent)
    yield int(0, 2)
    if (now > intent.notAfter) return
    count.writes += 1
    const mode = now >= calmFrom || chance(0.75) ? 'ok' : (['lost', 'dropped', 'late'] as const)[int(0, 2)]
    const ifVersion = remote.conditional ? look.state.version : undefined
    if (mode === 'late') later(int(requestTicks, inflightTicks - 1), () => apply(remote, body, ifVersion))
    const after = mode === 'ok' || mode === 'lost' ? apply(remote, body, ifVersion) : undefined
    yield mode === 'ok' ? int(0, 3) : requestTicks
    if (mode !== 'ok') return
    intent.open = false
    if (after === undefined) return
    const answered = chance(0.5) && remote.ordered
    const answer = answered ? { stored: after.values, version: String(after.version) } : {}
    const absorbed = steps.absorbOutcome(part, row.fields, write, answer)
    row.fields = absorbed.fields
    row.asof = now
    if (remote.ordered) row.floor = Math.max(row.floor, after.version)
    for (const field of Object.keys(write.revs)) {
      books.seen.add(remote.name + field + (look.state.values[field] ?? ''))
      books.seen.add(remote.name + field + (after.values[field] ?? ''))
    }
  }

  const queue: { at: number; run: () => void }[] = []
  const later = (ticks: number, run: () => void) => queue.push({ at: now + ticks, run })
  let active: Generator<number, void> | undefined
  let wakeAt = 0
  for (let at = 5; at < calmFrom; at += int(5, 40)) {
    if (!chance(0.6)) continue
    queue.push({
      at,
      run: () => {
        const remote = remotes[int(0, remotes.length - 1)] as Remote
        const before = current(remote)
        const values = { ...before.values, [fieldNames[int(0, 1)] as string]: keep(remote, fresh(), 'user') }
        remote.history.push({ at: now, version: before.version + 1, values, by: 'user' })
        count.edits += 1
      },
    })
  }
  let calmWrites = 0
  for (now = 0; now < end; now += 1) {
    if (now === end - 400) calmWrites = count.writes
    for (const event of queue.filter((known) => known.at === now)) event.run()
    if (active === undefined && chance(0.15)) active = pass()
    while (active !== undefined && wakeAt <= now) {
      if (now < calmFrom && chance(0.04)) {
        active = undefined
        break
      }
      const step = active.next()
      if (step.done) active = undefined
      else wakeAt = now + step.value
      if (!step.done && step.value > 0) break
    }
  }
  if (count.writes > calmWrites) violations.push(`not quiet: ${count.writes - calmWrites} writes at rest`)
  for (const remote of remotes) {
    for (const field of fieldNames) {
      const has = current(remote).values[field] ?? ''
      const wanted = String(books.fields[field]?.value)
      const held = books.members.get(remote.name)?.fields[field]?.hold !== undefined
      if (!held && !meddling && has !== wanted && !(remote.cuts && wanted.startsWith(has)))
        violations.push(`no convergence of ${remote.name}.${field}`)
    }
  }
  for (const { text, raced } of lost) {
    if (!raced && ![...books.known].some((known) => alike(known, text)))
      violations.push(`silent loss of ${text}`)
  }
  return { violations, ...count }
}

interface Read {
  readonly state: State
  readonly at: number
}

function worldEntity(remotes: readonly Remote[]): Entity {
  const settings = Object.fromEntries(
    remotes.map((remote) => [
      remote.name,
      { normalise: remote.cuts && remote.declared ? truncateTo(width) : identity },
    ]),
  )
  return entityOf({
    fields: Object.fromEntries(fieldNames.map((field) => [field, { in: settings }])),
    systems: Object.fromEntries(remotes.map((remote) => [remote.name, {}])),
  })
}

/** Equal except for truncation. */
function alike(left: string, right: string): boolean {
  return left.startsWith(right) || right.startsWith(left)
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}

/** mulberry32: small, seeded, sufficient to vary a schedule. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
