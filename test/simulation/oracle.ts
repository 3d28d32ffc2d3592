/**
 * The judge: compares the engine's commits and requests with the systems' hidden history, and names each violated invariant.
 *
 * It gets three streams: the reads of each process from the systems, its commits in the store, and its requests. It never reads the engine's own
 * memory.
 */
import { defaultPolicy } from '../../src/model/merge/own-default.ts'
import type { Intent } from '../../src/model/state.ts'
import type { CanonicalValue } from '../../src/model/values.ts'
import type { RecordDetail } from '../../src/store/admin-contract.ts'
import type { ClaimedRecord, Decision, Fact, Settlement } from '../../src/store/contract.ts'
import type { Version } from '../support/fake-system/remote-table.ts'
import { agreedBefore } from './agreed-before.ts'
import { BoundedWrites } from './bounded-writes.ts'
import { History } from './history.ts'
import { createJudges, type Judges } from './judges/all.ts'
import type { Bench, Judge, Violation } from './judges/judge.ts'
import { alike, brief, sameValue } from './likeness.ts'
import { isNotStored, tellsWhatItStored } from './not-stored.ts'
import { Origins } from './origins.ts'
import type { SimProcess } from './process.ts'
import type { Scenario } from './scenario.ts'
import type { Scheduler } from './scheduler.ts'
import type { EngineWrite, SystemWatcher } from './sim-network.ts'
import type { SimSystem } from './sim-system.ts'
import { emptyTally, type Tally } from './tally.ts'
import { Things } from './things.ts'
import { customer, tokens } from './world.ts'

const readsKept = 6
/** Interval at which a process checks whether a first load has ended; until then it assumes that the load is running. */
const firstLoadAskMs = 1_000

export class Oracle implements SystemWatcher {
  readonly violations: Violation[] = []
  readonly tally: Tally = emptyTally()
  readonly things = new Things()
  readonly #scenario: Scenario
  readonly #scheduler: Scheduler
  readonly #systems: ReadonlyMap<string, SimSystem>
  /** The states of a remote record that a process has read, the newest few. */
  readonly #shown = new Map<string, Version[]>()
  /** Values of a remote field that are durably known to the engine. */
  readonly #observed = new Map<string, Set<string>>()
  /** Values that are or were agreed, or are kept in a conflict. */
  readonly #kept = new Set<string>()
  readonly #absorbed = new Map<string, number>()
  readonly #open = new Map<string, Intent>()
  readonly #claims = new Map<string, { readonly process: string; readonly epoch: number }>()
  readonly #writes: BoundedWrites
  readonly #origins: Origins
  readonly #overwritten: {
    readonly system: string
    readonly field: string
    readonly value: string
    readonly nativeId: string
  }[] = []
  readonly #raced = new Set<string>()
  /** The newest state of each native record that any process has read. */
  readonly #newest = new Map<string, number>()
  /** Native records that people change in turn, too slowly to be a system's own changes. */
  readonly turns = new Set<string>()
  readonly #tombstoned = new Set<string>()
  /** Native records of which a write was confirmed but not stored. */
  readonly #notStored = new Set<string>()
  /** Values that were confirmed as stored, in the form that was sent, and the time from which an edit there counts as a later one. */
  readonly #believed = new Map<string, { readonly value: unknown; readonly from: number }[]>()

  readonly history: History
  readonly judges: Judges
  readonly #judges: readonly Judge[]

  /** When every process had learnt that every system was listed once. */
  #firstLoadAt: number | undefined

  constructor(scenario: Scenario, scheduler: Scheduler, systems: ReadonlyMap<string, SimSystem>) {
    this.#scenario = scenario
    this.#scheduler = scheduler
    this.#systems = systems
    this.#writes = new BoundedWrites(() => scheduler.now)
    this.history = new History(scenario, systems, this)
    this.#origins = new Origins(scenario, this.history)
    const bench: Bench = {
      scenario,
      scheduler,
      history: this.history,
      tally: this.tally,
      things: this.things,
      fail: (invariant, message) => this.fail(invariant, message),
      firstLoadAt: () => this.#firstLoadAt,
      wasShown: ({ process, system, entity }, version) =>
        this.#shown.get(`${process.name}|${system}|${entity}|${version.nativeId}`)?.includes(version) ===
        true,
      isKept: (text) => [...this.#kept].some((kept) => alike(kept, text)),
    }
    this.judges = createJudges(bench, this.turns)
    this.#judges = this.judges.all
  }

  /** `older`: processes that keep running the previous definition. */
  mappingChanged(older: Iterable<string>): void {
    this.#writes.mappingChanged()
    this.#origins.mappingChanged(older)
  }

  factSaved(fact: Fact): void {
    if (fact.kind === 'first-load-listed' && fact.entity === customer)
      this.#firstLoadAt ??= this.#scheduler.now + firstLoadAskMs
  }

  fail(invariant: string, message: string): void {
    this.#scheduler.note(`VIOLATION ${invariant} ${message}`)
    if (this.violations.length < 50)
      this.violations.push({ invariant, message, at: this.#scheduler.now - this.#scenario.start })
  }

  // ── events of the systems

  shown(process: SimProcess, system: string, entity: string, version: Version): void {
    const key = `${process.name}|${system}|${entity}|${version.nativeId}`
    const reads = this.#shown.get(key) ?? []
    reads.push(version)
    if (reads.length > readsKept) reads.shift()
    this.#shown.set(key, reads)
    const place = `${system}|${entity}|${version.nativeId}`
    this.#newest.set(place, Math.max(this.#newest.get(place) ?? 0, version.version))
    this.#scheduler.note(
      `${process.name} sees ${system} ${version.nativeId} v${version.version} ${brief(version.body)}`,
    )
  }

  /** Some process has read this state, or a later one. */
  hasSeen(system: string, { nativeId, version }: Version, entity = 'customer'): boolean {
    return (this.#newest.get(`${system}|${entity}|${nativeId}`) ?? 0) >= version
  }

  sending(call: EngineWrite): void {
    const { system, process } = call
    this.tally.writes += 1
    for (const judge of this.#judges) judge.sending?.(call)
    const intent = this.#intentOf(call)
    this.#scheduler.note(
      `${process.name} sends ${call.operation} ${system} ${call.nativeId ?? call.recordId} ${brief(call.body)}`,
    )
    if (intent === undefined) {
      this.fail(
        'INV-16',
        `${call.operation} at ${system} ${call.nativeId ?? call.recordId} was sent without an open intent`,
      )
      return
    }
    this.#origins.sending(call, intent.recordId)
    if (this.#scheduler.now > intent.notAfter)
      this.fail(
        'INV-14',
        `${call.operation} at ${system} started ${this.#scheduler.now - intent.notAfter} ms after its notAfter`,
      )
    const claim = this.#claims.get(intent.recordId)
    if (claim?.process !== process.name)
      this.fail('INV-14', `${process.name} sent for ${intent.recordId}, which ${claim?.process} holds by now`)
    if (call.operation === 'create' && this.#tombstoned.has(intent.recordId))
      this.fail('INV-9', `create at ${system} for the tombstoned ${intent.recordId}`)
  }

  applying(call: EngineWrite, before: Version | undefined): void {
    for (const judge of this.#judges) judge.applying?.(call, before)
    if (call.operation !== 'update' || before?.body === undefined) return
    for (const [field, value] of this.history.textsOf(call.system, call.body))
      this.#checkOverwrite(call, before, field, value)
  }

  applied(call: EngineWrite, version: Version): void {
    this.#origins.applied(call, version)
    if (call.operation === 'create') {
      this.tally.creates += 1
      const table = this.history.system(call.system).table(call.entity)
      const nativeIds = table.createdFor.get(call.recordId ?? '') ?? []
      // A create whose response was lost, and whose record a person removed before it was read, is repeated, but there are never two at a time.
      const alive = [...new Set(nativeIds)].filter((nativeId) => table.has(nativeId))
      const lost = alive.some((nativeId) => {
        const version = table.current(nativeId)
        return version !== undefined && this.history.isUnknowable(call.system, version)
      })
      if (alive.length > 1 && !lost)
        this.fail('INV-6', `${call.system} holds ${nativeIds.join(' and ')} for one record`)
    }
    if (call.operation === 'delete') this.tally.removals += 1
    for (const judge of this.#judges) judge.applied?.(call, version)
    this.#scheduler.note(
      `${call.system} ${version.nativeId} v${version.version} by engine ${brief(version.body)}`,
    )
  }

  lost(call: EngineWrite, accepted: boolean): void {
    this.tally.unstored += 1
    this.#scheduler.note(`${call.system} ${call.nativeId} is not stored ${accepted ? '(accepted)' : ''}`)
    const place = `${call.system}|${call.entity}|${call.nativeId}`
    this.#notStored.add(place)
    // If the response reports the write as applied, the next edit is a later one; if it reports it as accepted, that holds once its time has passed.
    const { inflightMs } = this.history.system(call.system).traits.capabilities
    const from = accepted ? this.#scheduler.now + inflightMs : this.#scheduler.now
    for (const [field, value] of this.history.textsOf(call.system, call.body))
      this.#believed.set(`${place}|${field}`, [
        ...(this.#believed.get(`${place}|${field}`) ?? []),
        { value, from },
      ])
  }

  overtaken(call: EngineWrite): void {
    this.#scheduler.note(`${call.system} ${call.nativeId} applies an accepted update after a newer one`)
    // The newer one is gone, as if it had not been stored.
    this.#notStored.add(`${call.system}|${call.entity}|${call.nativeId}`)
    this.#writes.ambiguous(this.#origins.recordId(call), call.system)
  }

  #checkOverwrite(call: EngineWrite, before: Version, field: string, value: unknown): void {
    const old = this.history.value(field, before.body)
    if (typeof old !== 'string' || old === '' || old === this.history.stored(call.system, field, value))
      return
    if (this.history.writerOf(call, before, field).by === 'engine') return
    const key = `${call.system}|${call.entity}|${before.nativeId}|${field}`
    this.#overwritten.push({ system: call.system, field, value: old, nativeId: before.nativeId })
    if (this.#observed.get(key)?.has(old)) return
    if (this.history.honoursVersions(call.system)) {
      this.fail(
        'INV-1',
        `${call.system} ${before.nativeId}.${field}: ${old} was overwritten by ${String(value)} unseen`,
      )
      return
    }
    this.tally.races += 1
    this.#raced.add(`${key}|${old}`)
  }

  // ── commits of the processes

  claimed(process: SimProcess, claim: ClaimedRecord): void {
    this.#claims.set(claim.record.id, { process: process.name, epoch: claim.lease.epoch })
    this.#scheduler.note(
      `${process.name} claims ${claim.record.id.slice(-6)} ${claim.record.state} toRead=${claim.record.toRead.join(',')}`,
    )
  }

  committed(
    process: SimProcess,
    item: Decision | Settlement,
    before: RecordDetail | undefined,
    after: RecordDetail | undefined,
  ): void {
    this.#openIntents(item)
    this.#judgeNotStored(item, after)
    this.#resolveIntents(item, before)
    for (const conflict of item.conflicts ?? []) {
      this.tally.conflicts += 1
      this.#scheduler.note(
        `${process.name} conflict ${conflict.field} ${JSON.stringify(conflict.candidates.map((c) => [c.system, c.value]))} -> ${conflict.winner}`,
      )
      for (const candidate of conflict.candidates) {
        this.#keep(candidate.value)
        // Kept because it may be an edit, not treated as one.
        if (conflict.policy !== defaultPolicy)
          this.#checkEcho(process, after, { ...candidate, field: conflict.field, isFirst: false })
      }
    }
    if (after === undefined) return
    this.#note(process, item, after)
    if (after.record.state === 'tombstoned') this.#tombstoned.add(after.record.id)
    for (const [field, agreed] of Object.entries(after.record.fields)) {
      const was = before?.record.fields[field]
      this.#keep(agreed.value)
      if (was?.rev === agreed.rev || sameValue(was?.value, agreed.value)) continue
      const conflict = (item.conflicts ?? []).some((draft) => draft.field === field)
      this.#checkAgreement(process, after, field, {
        was: agreedBefore(before, field, agreed.src),
        is: agreed.value,
        src: agreed.src,
        conflict,
      })
    }
    this.#learn(after)
    for (const judge of this.#judges) judge.committed?.(item, before, after)
  }

  #note(process: SimProcess, item: Decision | Settlement, after: RecordDetail): void {
    const agreed = Object.entries(after.record.fields).map(
      ([f, v]) => `${f}=${JSON.stringify(v.value)}@${v.rev}`,
    )
    const members = after.members.map(
      (m) =>
        `${m.system}:${m.state}/${m.lane.state}${m.laneAttempts > 0 ? `x${m.laneAttempts}` : ''}/${m.nativeId ?? '-'}[${Object.entries(
          m.fields,
        )
          .map(([f, v]) => `${f}:${JSON.stringify(v.shadow)}#${v.acked}`)
          .join(' ')}]`,
    )
    const finish = 'finish' in item ? ` ${JSON.stringify(item.finish)}` : ''
    this.#scheduler.note(
      `${process.name} commits ${after.record.id.slice(-6)} ${after.record.state} ${agreed.join(' ')} | ${members.join(' ')}${finish}`,
    )
    this.tally.decisions += 1
  }

  /** All values in a committed shadow or own write are durably known. */
  #learn(detail: RecordDetail): void {
    for (const member of detail.members) {
      if (member.nativeId === undefined) continue
      for (const [field, state] of Object.entries(member.fields)) {
        if (state.coerced) this.tally.coerced += 1
        const key = `${member.system}|${detail.record.entity}|${member.nativeId}|${field}`
        const known = this.#observed.get(key) ?? new Set()
        if (typeof state.shadow === 'string') known.add(state.shadow)
        this.#observed.set(key, known)
      }
    }
  }

  #keep(value: CanonicalValue | undefined): void {
    if (typeof value === 'string') this.#kept.add(value)
  }

  #openIntents(item: Decision | Settlement): void {
    if (!('intents' in item)) return
    const resolvedNow = new Set((item.resolved ?? []).map((update) => update.id))
    for (const intent of item.intents ?? []) {
      const lane = `${intent.recordId}|${intent.system}`
      const open = this.#open.get(lane)
      if (open !== undefined && open.id !== intent.id && !resolvedNow.has(open.id))
        this.fail('INV-14', `two open intents at ${intent.system} for ${intent.recordId}`)
      this.#open.set(lane, intent)
    }
  }

  #judgeNotStored(item: Decision | Settlement, after: RecordDetail | undefined): void {
    for (const { kind, recordId, body } of item.journal ?? []) {
      if (kind !== 'outcome' || !isNotStored(body)) continue
      const { system, field } = body
      const nativeId = after?.members.find((member) => member.system === system)?.nativeId
      const isTrue = this.#notStored.has(`${system}|${after?.record.entity}|${nativeId}`)
      const { traits } = this.history.system(system)
      const isCreate = this.history.isOnlyCreated(system, after?.record.entity, nativeId)
      if (isTrue || !tellsWhatItStored(traits, isCreate)) this.#writes.ambiguous(recordId, system)
      else this.fail('INV-10', `${field} of ${recordId} was taken for not stored in ${system}`)
    }
  }

  #resolveIntents(item: Decision | Settlement, before: RecordDetail | undefined): void {
    for (const update of item.resolved ?? []) {
      const intent =
        [...this.#open.values()].find((open) => open.id === update.id) ??
        before?.intents.find((open) => open.id === update.id)
      if (intent === undefined) continue
      const lane = `${intent.recordId}|${intent.system}`
      if (update.state === 'open') {
        this.#open.set(lane, { ...intent, notAfter: update.notAfter ?? intent.notAfter })
        this.#writes.ambiguous(intent.recordId, intent.system)
        continue
      }
      if (
        this.#open.get(lane)?.id === intent.id &&
        !('intents' in item && item.intents?.some((i) => i.system === intent.system))
      )
        this.#open.delete(lane)
      if (update.state !== 'done') {
        this.#writes.ambiguous(intent.recordId, intent.system)
        if (update.state === 'abandoned') this.tally.inDoubt += 1
        continue
      }
      if (intent.operation !== 'update') continue
      const nativeId = this.history.firstId(intent, intent.request.nativeId ?? '')
      for (const excess of this.#writes.acknowledged(intent, nativeId)) this.fail('INV-10', excess)
    }
  }

  #checkAgreement(
    process: SimProcess,
    after: RecordDetail,
    field: string,
    change: {
      was: CanonicalValue | undefined
      is: CanonicalValue | undefined
      src: string
      conflict: boolean
    },
  ): void {
    if (!this.history.isToken(change.src, field)) return
    const member = after.members.find((one) => one.system === change.src)
    if (member?.nativeId === undefined) return
    const place = { system: change.src, entity: after.record.entity, nativeId: member.nativeId }
    // Reads that were rejected, or made for another record, may show the same value: the absorbed one agrees in all fields.
    const reads = this.#readsWith(process, place, field, change.is)
    const isAbsorbed = ({ body }: Version): boolean =>
      [...tokens]
        .filter((name) => this.history.isToken(change.src, name) && member.fields[name] !== undefined)
        .every((name) => {
          const value = this.history.value(name, body)
          return value === undefined || alike(value, member.fields[name]?.shadow)
        })
    const shown = reads.findLast(isAbsorbed) ?? reads.at(-1)
    if (shown?.body === undefined || this.history.system(change.src).traits.mutates) return
    const lane = `${change.src}|${after.record.entity}|${member.nativeId}`
    const newest = this.#absorbed.get(lane) ?? 0
    if (shown.version < newest)
      this.fail('INV-4', `${lane}.${field}: v${shown.version} was absorbed after v${newest}`)
    this.#absorbed.set(lane, Math.max(newest, shown.version))
    const isFirst = change.was === undefined || change.was === null || change.was === ''
    this.#checkEcho(process, after, { system: change.src, field, value: change.is, isFirst })
    if (change.conflict || change.was === undefined || change.was === null || alike(change.was, change.is))
      return
    // The last state before this edit must have held the agreed value, otherwise the edit was concurrent with it.
    const start = this.history.runStart(change.src, after.record.entity, shown, field)
    const history = this.history.system(change.src).table(after.record.entity).history(member.nativeId)
    const held = history
      .slice(0, start)
      .some(({ body }) => alike(this.history.value(field, body), change.was))
    const isBelieved = this.#believed
      .get(`${lane}|${field}`)
      ?.some(({ value, from }) => alike(value, change.was) && this.#scheduler.now >= from)
    if (!held && isBelieved !== true)
      this.fail(
        'INV-3',
        `${lane}.${field}: ${String(change.is)} replaced ${String(change.was)}, which it never held, without a conflict`,
      )
  }

  #checkEcho(
    process: SimProcess,
    after: RecordDetail | undefined,
    taken: {
      readonly system: string
      readonly field: string
      readonly value?: CanonicalValue | undefined
      readonly isFirst: boolean
    },
  ): void {
    const { system, field, value, isFirst } = taken
    if (!this.#systems.has(system) || !this.history.isToken(system, field) || after === undefined) return
    const member = after.members.find((one) => one.system === system)
    if (member?.nativeId === undefined || this.history.system(system).traits.mutates) return
    const place = { system, entity: after.record.entity, nativeId: member.nativeId }
    const shown = this.#readsWith(process, place, field, value).at(-1)
    if (shown?.body === undefined || !alike(this.history.value(field, shown.body), value)) return
    const writer = this.history.writerOf(place, shown, field)
    const { id: recordId, entity } = after.record
    const isOurs = this.#origins.isOurs(writer, { system, entity, recordId, field, isFirst })
    if (isOurs && !this.history.isUnknowable(system, shown))
      this.fail(
        'INV-5',
        `${system} ${member.nativeId}.${field}: our own ${String(value)} (v${writer.version}) was taken for a change`,
      )
  }

  // ── history

  /** The reads of a process that showed this value, oldest first. */
  #readsWith(
    process: SimProcess,
    place: { readonly system: string; readonly entity: string; readonly nativeId: string },
    field: string,
    value: CanonicalValue | undefined,
  ): readonly Version[] {
    const reads = this.#shown.get(`${process.name}|${place.system}|${place.entity}|${place.nativeId}`) ?? []
    return reads.filter(
      (look) => look.body !== undefined && alike(this.history.value(field, look.body), value),
    )
  }

  #intentOf(call: EngineWrite): Intent | undefined {
    for (const intent of this.#open.values()) {
      if (intent.system !== call.system || intent.entity !== call.entity) continue
      if (
        call.operation === 'create'
          ? intent.recordId === call.recordId
          : intent.request.nativeId === call.nativeId
      )
        return intent
    }
    return undefined
  }

  // ── at the end

  /** Each user's value that we overwrote is agreed or kept, unless it was made in the race window of a system without conditional writes. */
  checkLosses(): void {
    for (const { system, field, value, nativeId } of this.#overwritten) {
      if (this.#raced.has(`${system}|customer|${nativeId}|${field}|${value}`)) continue
      if (this.#raced.has(`${system}|order|${nativeId}|${field}|${value}`)) continue
      if (![...this.#kept].some((kept) => alike(kept, value)))
        this.fail('INV-2', `${system} ${nativeId}.${field}: ${value} was overwritten and is kept nowhere`)
    }
  }
}
