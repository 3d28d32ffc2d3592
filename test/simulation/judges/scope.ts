/** Records out of scope are ignored: they are neither propagated nor written to. */
import type { Version } from '../../support/fake-system/remote-table.ts'
import type { EngineWrite } from '../sim-network.ts'
import type { Bench, Judge } from './judge.ts'

/** A read, the write after it and a late effect. */
const noticeMs = 15_000

export class Scope implements Judge {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  applying(call: EngineWrite, before: Version | undefined): void {
    const { history, scheduler, fail } = this.#bench
    if (!this.#bench.scenario.kinds.has('scope') || call.operation === 'create' || before === undefined)
      return
    const { traits } = history.system(call.system)
    if (!traits.scoped || before.body?.kind !== 'person') return
    const states = history.system(call.system).table(call.entity).history(before.nativeId)
    const last = states.findLast(({ body }) => body?.kind === 'company')
    const since = states.find(({ version }) => version === (last?.version ?? 0) + 1)?.at ?? before.at
    if (scheduler.now - since > noticeMs)
      fail('SCOPE', `${call.system} ${before.nativeId} is out of scope, and was written to`)
  }

  applied(call: EngineWrite): void {
    if (!this.#bench.scenario.kinds.has('scope') || call.operation !== 'create') return
    const { scenario, history, things, fail } = this.#bench
    const isIn = scenario.systems.some(({ name, scoped }) => {
      const table = history.system(name).table(call.entity)
      return table.changes.some(
        ({ body, by }) =>
          by === 'user' &&
          things.areSame(body?.code, call.body.code) &&
          (!scoped || body?.kind === 'company'),
      )
    })
    if (!isIn && call.entity === 'customer')
      fail('SCOPE', `${call.system} got ${String(call.body.code)}, which is in scope nowhere`)
  }
}
