/** INV-10 for a whole run: the number of writes to one native record is bounded by the changes that people make. */
import type { Version } from '../../support/fake-system/remote-table.ts'
import type { EngineWrite } from '../sim-network.ts'
import type { Bench, Judge } from './judge.ts'

/** For retries, and for systems that rewrite until the breaker holds the field. */
const spareWrites = 60
/** Each change is written once, and once more where the first outcome was in doubt. */
const writesPerChange = 2

export class EndlessWrites implements Judge {
  readonly #bench: Bench
  readonly #told = new Set<string>()

  constructor(bench: Bench) {
    this.#bench = bench
  }

  applied({ system, entity, operation }: EngineWrite, { nativeId }: Version): void {
    const place = `${system} ${nativeId}`
    if (operation !== 'update' || this.#told.has(place)) return
    const { history, scenario, fail } = this.#bench
    const states = history.system(system).table(entity).history(nativeId)
    if (states.length <= spareWrites) return
    const written = states.filter(({ by }) => by === 'engine').length
    if (written <= spareWrites) return
    const changes = scenario.systems.reduce((sum, { name }) => {
      const table = history.system(name).table(entity)
      return sum + table.changes.filter(({ by }) => by === 'user').length
    }, 0)
    if (written <= spareWrites + writesPerChange * changes) return
    this.#told.add(place)
    fail('INV-10', `${place} was written ${written} times, and people have changed ${changes} things in all`)
  }
}
