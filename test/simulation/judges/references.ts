/** INV-15: a reference that we write names a record that exists, or existed, in the same system. */
import type { EngineWrite } from '../sim-network.ts'
import { customer, order } from '../world.ts'
import type { Bench, Judge } from './judge.ts'

export class References implements Judge {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  applied({ system, entity, body }: EngineWrite): void {
    if (entity !== order || body.buyer == null) return
    const { history, fail } = this.#bench
    const nativeId = String(body.buyer)
    if (history.system(system).table(customer).history(nativeId).length === 0)
      fail('INV-15', `${system}: an order was given the buyer ${nativeId}, which never existed there`)
  }
}
