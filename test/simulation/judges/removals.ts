/** INV-8: the engine removes only records that a person removed, and none that still exists under another id. */
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import type { Version } from '../../support/fake-system/remote-table.ts'
import { alike } from '../likeness.ts'
import type { EngineWrite } from '../sim-network.ts'
import { codeBefore } from '../things.ts'
import { tokens } from '../world.ts'
import { type Bench, hasHadCodeFor, type Judge } from './judge.ts'

/** Time from a discovery to the read of the discovered record. */
const discoveryMs = 3_000
/** Chains of merges. */
const hopsMax = 5

export class Removals implements Judge {
  readonly #bench: Bench
  /** Native records known to the store, by the time it discovered them. */
  readonly #known = new Map<string, number>()

  constructor(bench: Bench) {
    this.#bench = bench
  }

  applying(call: EngineWrite, before: Version | undefined): void {
    if (call.operation !== 'delete' || before?.body === undefined) return
    const { history, fail, tally } = this.#bench
    const { code } = before.body
    if (!this.#isRemoved(call, code))
      fail(
        'INV-8',
        `${call.system} ${before.nativeId} (${String(code)}) was removed though nobody removed it`,
      )
    for (const [field, old] of this.#unkept(call, before))
      if (history.honoursVersions(call.system))
        fail('INV-8', `${call.system} ${before.nativeId} was removed with the unseen ${field} ${old}`)
      else tally.races += 1
  }

  /**
   * True when a person removed the record in another system. A merge is no deletion, unless the survivor is gone because of another deletion: then
   * both were the same for the users there, and it was removed.
   */
  #isRemoved(call: EngineWrite, code: unknown, hops = 0): boolean {
    const { history, scenario, things } = this.#bench
    const from = scenario.integration.entities.get(call.entity)?.delete.from ?? []
    return from.some((name) => {
      const table = history.system(name).table(call.entity)
      return table.changes.some((change) => {
        const { by, body, mergedInto } = change
        if (body !== undefined || by !== 'user' || !things.areSame(codeBefore(table, change), code))
          return false
        // The counterpart of the survivor may have been removed in the same system.
        if (mergedInto === undefined) return name !== call.system || hops > 0
        const end = table.history(mergedInto).at(-1)
        return end?.body === undefined && end !== undefined && hops < hopsMax
          ? this.#isRemoved(call, codeBefore(table, end), hops + 1)
          : false
      })
    })
  }

  /** Regardless of a system's capabilities: an edit that the same process has read is not deleted with the record. */
  sending(call: EngineWrite): void {
    if (call.operation !== 'delete' || call.nativeId === undefined) return
    const { history, wasShown, fail } = this.#bench
    const now = history.system(call.system).table(call.entity).current(call.nativeId)
    if (now?.body === undefined || !wasShown(call, now)) return
    for (const [field, old] of this.#unkept(call, now))
      fail(
        'INV-8',
        `${call.system} ${call.nativeId} is to be removed with the ${field} ${old}, which was read before`,
      )
  }

  /** Values that people have entered there and that are stored nowhere else. */
  *#unkept(call: EngineWrite, state: Version): Generator<readonly [field: string, value: string]> {
    const { history, isKept } = this.#bench
    for (const field of tokens) {
      const value = history.value(field, state.body)
      if (!history.isToken(call.system, field) || typeof value !== 'string' || value === '') continue
      if (field === 'fax' && !this.#isMapped(call.entity, field)) continue
      if (history.writerOf(call, state, field).by !== 'engine' && !isKept(value)) yield [field, value]
    }
  }

  /** While the record still exists under another id, and was read, its deletion is not confirmed. */
  committed(_item: Decision | Settlement, before: RecordDetail | undefined, after: RecordDetail): void {
    const { history, scheduler, fail } = this.#bench
    for (const { system, nativeId } of after.members) {
      const key = `${system}|${after.record.entity}|${nativeId}`
      if (nativeId !== undefined && !this.#known.has(key)) this.#known.set(key, after.record.discoveredAt)
    }
    if (after.record.state !== 'deleting' || before?.record.state === 'deleting') return
    const code = after.record.fields.code?.value
    for (const { system, nativeId, state } of after.members) {
      if (state !== 'gone') continue
      const table = history.system(system).table(after.record.entity)
      for (const other of table.nativeIds()) {
        if (other === nativeId || !alike(table.current(other)?.body?.code, code)) continue
        if (this.#wasHardlyInScope(system, table.history(other), code)) continue
        const seenAt = this.#known.get(`${system}|${after.record.entity}|${other}`)
        const isKnown = seenAt !== undefined && scheduler.now - seenAt > discoveryMs
        if (isKnown && hasHadCodeFor(table.history(other), code, scheduler.now) > discoveryMs)
          fail(
            'INV-8',
            `${String(code)} is deleted for ${system} ${nativeId}, though ${system} has it as ${other}`,
          )
      }
    }
  }

  /**
   * A record that was out of scope for as long as it had this code is no counterpart: the engine may not even search for it. Nor is one that was in
   * scope with it for less time than a discovery takes.
   */
  #wasHardlyInScope(system: string, versions: readonly Version[], code: unknown): boolean {
    const { history, scheduler } = this.#bench
    if (!history.system(system).traits.scoped) return false
    const inScopeMs = versions.map(({ at, body }, index) =>
      body === undefined || body.kind === 'person' || !alike(body.code, code)
        ? 0
        : (versions[index + 1]?.at ?? scheduler.now) - at,
    )
    return inScopeMs.reduce((sum, ms) => sum + ms, 0) <= discoveryMs
  }

  #isMapped(entity: string, field: string): boolean {
    return this.#bench.scenario.integration.entities.get(entity)?.fields.has(field) ?? false
  }
}
