/** INV-2 for nothings: the engine empties a value only where a person has emptied it. */
import type { Version } from '../../support/fake-system/remote-table.ts'
import { filledPhone } from '../native-records.ts'
import type { EngineWrite } from '../sim-network.ts'
import type { Bench, Judge } from './judge.ts'

export class Emptied implements Judge {
  readonly #bench: Bench
  readonly #codes = new Set<unknown>()

  constructor(bench: Bench) {
    this.#bench = bench
  }

  made(code: unknown): void {
    this.#codes.add(code)
  }

  applying(call: EngineWrite, before: Version | undefined): void {
    if (call.operation !== 'update' || before?.body === undefined) return
    const { history, fail, things } = this.#bench
    for (const [field, value] of Object.entries(call.body)) {
      const old = before.body[field]
      if (!isNothing(value) || isNothing(old) || field === 'tags' || field === 'lines') continue
      // What a system alone has put in place of nothing is nobody's value.
      if (old === filledPhone || (typeof old === 'string' && old.startsWith('~'))) continue
      const code = before.body.code
      if ([...this.#codes].some((one) => things.areSame(one, code))) continue
      if (history.system(call.system).traits.capabilities.write === 'put' && this.#wasSeenEmpty(call, field))
        continue
      fail(
        'INV-2',
        `${call.system} ${before.rid}.${field}: ${String(old)} was emptied, though nobody emptied it`,
      )
    }
  }

  /** A whole object that is sent back carries what was empty when it was read. */
  #wasSeenEmpty(call: EngineWrite, field: string): boolean {
    const table = this.#bench.history.system(call.system).table(call.entity)
    return table.history(call.rid ?? '').some(({ body }) => body !== undefined && isNothing(body[field]))
  }
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
