/**
 * INV-6 across records: the engine creates no copy of a record that a system already has.
 *
 * Between the read that found nothing and the create, a person may enter the same record. A copy created within that window must be reported; outside
 * it there must be none.
 */
import type { Version } from '../../support/fake-system/remote-table.ts'
import type { EngineWrite } from '../sim-network.ts'
import { customer } from '../world.ts'
import { type Bench, hasHadCodeFor, type Judge } from './judge.ts'

/** From a read to the create after it, including delays by a slow store, a stall and a full queue. */
const lookToCreateMs = 8_000

export class Copies implements Judge {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  applied(call: EngineWrite, made: Version): void {
    if (call.operation !== 'create') return
    const { history, things, fail, tally, scheduler, scenario } = this.#bench
    const windowMs = this.windowMs(call.system) + this.#firstLoadMs(call)
    const system = history.system(call.system)
    const table = system.table(call.entity)
    const { code } = call.body
    for (const nativeId of table.nativeIds()) {
      const states = table.history(nativeId)
      const [first] = states
      const body = table.current(nativeId)?.body
      if (nativeId === made.nativeId || first?.by !== 'user' || body?.code !== code) continue
      // A record out of scope is no counterpart of anything.
      if (system.traits.scoped && body?.kind === 'person') continue
      // A record that has since come into scope is treated like one that was entered at that time.
      const wasOut = states.some((state) => system.traits.scoped && state.body?.kind === 'person')
      const original = first.at === scenario.start && !system.lied.has(call.entity) && !wasOut
      const age = hasHadCodeFor(states, code, scheduler.now)
      if (!original && (wasOut || !scenario.kinds.has('double-entry') || age <= windowMs)) {
        tally.copies += 1
        continue
      }
      // The record has another number elsewhere by now, so its old number refers to a second record.
      if (things.isRenamed(code)) tally.renamed += 1
      else
        fail('INV-6', `${call.system} has held ${nativeId} (${String(code)}) for ${age} ms, and got a copy`)
    }
  }

  /** One read of the place serves all creates of a first load: for a minute, and for an hour where it is a list. See guarantees.md. */
  #firstLoadMs({ system, entity, body }: EngineWrite): number {
    const { history, things, scenario, firstLoadAt } = this.#bench
    const listedAt = firstLoadAt()
    const wasThere = scenario.systems.some(({ name }) => {
      const { changes } = history.system(name).table(entity)
      return changes.some(
        (change) =>
          name !== system &&
          change.by === 'user' &&
          (listedAt === undefined || change.at <= listedAt) &&
          things.areSame(change.body?.code, body.code),
      )
    })
    if (entity !== customer || !wasThere) return 0
    return history.system(system).traits.capabilities.changes.cursor === 'none' ? 3_600_000 : 60_000
  }

  /** How long before a create the same record may be entered there without being detected by the engine. */
  windowMs(system: string): number {
    const { search, inflightMs } = this.#bench.history.system(system).traits.capabilities
    return lookToCreateMs + (search?.lagMs ?? 0) + inflightMs
  }
}
