/** The reads of a simulated system: by id, lists, its feed of changes, searches. */
import type {
  ChangesResult,
  FindRequest,
  FindResult,
  ListEnd,
  ListedRecord,
  ReadResult,
} from '../../src/connectors/kit/contract.ts'
import type { RemoteTable, Version } from '../support/fake-system/remote-table.ts'
import type { SimProcess } from './process.ts'
import type { SystemTraits } from './scenario.ts'
import { type SimNetwork, unknown, type World } from './sim-network.ts'
import { markerField } from './world.ts'

export interface QuestionsOptions {
  readonly traits: SystemTraits
  readonly world: World
  readonly network: SimNetwork
  readonly table: (entity: string) => RemoteTable
  /** Entities of which a truncated list was reported as complete. */
  readonly lied: Set<string>
}

export class SimQuestions {
  readonly #traits: SystemTraits
  readonly #world: World
  readonly #network: SimNetwork
  readonly #table: (entity: string) => RemoteTable
  readonly #lied: Set<string>

  constructor({ traits, world, network, table, lied }: QuestionsOptions) {
    this.#traits = traits
    this.#world = world
    this.#network = network
    this.#table = table
    this.#lied = lied
  }

  read(process: SimProcess, entity: string, nativeId: string): Promise<ReadResult> {
    return this.#network.ask(process, () => this.#stateOf(process, entity, nativeId))
  }

  async readMany(
    process: SimProcess,
    entity: string,
    nativeIds: readonly string[],
  ): Promise<readonly ReadResult[]> {
    const response = await this.#network.ask(process, () =>
      nativeIds.map((nativeId) => this.#stateOf(process, entity, nativeId)),
    )
    return 'failure' in response ? nativeIds.map(() => response) : response
  }

  #stateOf(process: SimProcess, entity: string, nativeId: string): ReadResult {
    const { scheduler, chance } = this.#world
    const { lagMs } = this.#traits.capabilities.read
    const lag = lagMs > 0 && chance.of(0.5) ? chance.int(0, lagMs) : 0
    const table = this.#table(entity)
    const seen = table.at(nativeId, scheduler.now - lag)
    // A record that is not replicated yet looks exactly like a missing one.
    if (seen === undefined) return { kind: 'gone' }
    const other = this.instead(entity, seen)
    if (other !== undefined) {
      scheduler.note(`${this.#traits.name} responds with ${other.nativeId} for ${nativeId}`)
      return { kind: 'live', ...this.show(other) }
    }
    this.#world.watcher.shown(process, this.#traits.name, entity, seen)
    if (seen.body === undefined)
      return { kind: 'gone', ...(seen.mergedInto !== undefined && { mergedInto: seen.mergedInto }) }
    return { kind: 'live', ...this.show(seen) }
  }

  show(version: Version): ListedRecord {
    return {
      nativeId: version.nativeId,
      native: version.body ?? {},
      changedAt: version.at,
      ...(this.#traits.capabilities.version === 'ordered' && { version: String(version.version) }),
      ...(this.#traits.capabilities.version === 'opaque' && {
        version: `v${(version.version * 7919) % 10_007}`,
      }),
    }
  }

  async *list(process: SimProcess, entity: string): AsyncGenerator<readonly ListedRecord[], ListEnd> {
    const { chance } = this.#world
    const table = this.#table(entity)
    const { pageSize } = this.#traits.capabilities.list
    const cutOff = this.#world.faulty() && chance.of(0.1)
    if (this.#isDeaf()) return { complete: false, reason: 'SIM_DEAF' }
    let position: number | undefined = 0
    while (position !== undefined) {
      const from: number = position
      const page = await this.#network.ask(process, () => table.page(from, pageSize))
      if ('failure' in page) return { complete: false, reason: page.failure.code }
      if (page.records.length > 0) yield page.records.map((version) => this.show(version))
      // A system that truncates its list silently reports it as complete, which is wrong.
      if (cutOff && chance.of(0.5)) {
        const counted = chance.of(0.5)
        if (!counted && position !== undefined) this.#lied.add(entity)
        return { complete: true, ...(counted && { expected: table.size }) }
      }
      position = page.next
    }
    return { complete: true, ...(chance.of(0.5) && { expected: table.size }) }
  }

  changes(process: SimProcess, entity: string, cursor: string | undefined): Promise<ChangesResult> {
    const { scheduler, chance } = this.#world
    const { commitLagMs } = this.#traits.capabilities.changes
    return this.#network.ask(process, (): ChangesResult => {
      if (this.#world.faulty() && cursor !== undefined && chance.of(0.02)) return { kind: 'expired' }
      if (this.#isDeaf()) return unknown('HTTP_NETWORK', 'system')
      const from = Number(cursor ?? 0)
      const limit = this.#traits.capabilities.list.pageSize
      const page: Version[] = []
      for (const change of this.#table(entity).changes.slice(from)) {
        if (page.length >= limit || change.at > scheduler.now - commitLagMs) break
        page.push(change)
      }
      const next = from + page.length
      return {
        kind: 'page',
        cursor: String(next),
        more: page.length >= limit,
        changed: page
          .filter((change) => change.body !== undefined || this.#traits.capabilities.deletes === 'feed')
          .map((change) => ({
            nativeId: change.nativeId,
            ...(change.body === undefined ? { deleted: true } : versionOnly(this.show(change))),
          })),
      }
    })
  }

  find(process: SimProcess, entity: string, request: FindRequest): Promise<FindResult> {
    const { scheduler, chance } = this.#world
    const lagMs = this.#traits.capabilities.search?.lagMs ?? 0
    return this.#network.ask(process, (): FindResult => {
      const table = this.#table(entity)
      const seenAt = scheduler.now - (lagMs > 0 ? chance.int(0, lagMs) : 0)
      const wanted = request.by === 'marker' ? { [markerField]: request.recordId } : request.values
      const nativeIds = [...table.nativeIds()].filter((nativeId) => {
        const body = table.at(nativeId, seenAt)?.body
        return body !== undefined && Object.entries(wanted).every(([name, value]) => body[name] === value)
      })
      return { kind: 'found', nativeIds, capped: false }
    })
  }

  /** Another record, for a response about the wrong one. */
  instead(entity: string, asked: Version): Version | undefined {
    const { chance, kinds } = this.#world
    if (!kinds.has('other-record') || !this.#world.faulty() || !chance.of(0.04)) return undefined
    const table = this.#table(entity)
    const others = [...table.nativeIds()].filter((nativeId) => nativeId !== asked.nativeId)
    return others.length === 0 ? undefined : table.current(chance.pick(others))
  }

  /** The feed and the lists fail, though records can be read and written. */
  #isDeaf(): boolean {
    const { deafFrom, deafUntil } = this.#traits
    const { now } = this.#world.scheduler
    return deafFrom !== undefined && now >= deafFrom && now < deafUntil
  }
}

function versionOnly(shown: ListedRecord): { version?: string } {
  return shown.version === undefined ? {} : { version: shown.version }
}
