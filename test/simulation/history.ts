/** Queries of the systems' hidden history: who wrote a value, since when it has been there, and what can't be determined. */
import type { CanonicalValue } from '../../src/model/values.ts'
import type { Native, Version } from '../support/fake-system/remote-table.ts'
import { alike } from './likeness.ts'
import { isObject } from './native-records.ts'
import type { Scenario } from './scenario.ts'
import type { SimSystem } from './sim-system.ts'
import type { Tally } from './tally.ts'
import type { Things } from './things.ts'
import { customer, cutText, tokens } from './world.ts'

export interface PlaceOfField {
  readonly system: string
  readonly entity: string
}

export class History {
  readonly #scenario: Scenario
  readonly #systems: ReadonlyMap<string, SimSystem>
  readonly #things: Things
  readonly #tally: Tally

  constructor(
    scenario: Scenario,
    systems: ReadonlyMap<string, SimSystem>,
    { things, tally }: { readonly things: Things; readonly tally: Tally },
  ) {
    this.#scenario = scenario
    this.#systems = systems
    this.#things = things
    this.#tally = tally
  }

  system(name: string): SimSystem {
    const system = this.#systems.get(name)
    if (system === undefined) throw new RangeError(`no system ${name}`)
    return system
  }

  /** A mapped text of a native record, by the name of its field. */
  value(field: string, body: Native | undefined): unknown {
    if (field !== 'city') return body?.[field]
    return isObject(body?.address) ? body.address.city : undefined
  }

  /** Values of the field identify the edit that created them, in this system, during the whole run. */
  isToken(system: string, field: string): boolean {
    return tokens.has(field) && !(field === 'phone' && this.#scenario.next?.movedAt === system)
  }

  /** Mapped texts in a body that the engine sends. */
  *textsOf(system: string, body: Native): Generator<readonly [field: string, value: unknown]> {
    for (const [name, value] of Object.entries(body)) {
      if (name === 'address') {
        if (isObject(value) && 'city' in value) yield ['city', value.city]
      } else if (this.isToken(system, name)) yield [name, value]
    }
  }

  /** Index of the state since which the current value has been there. */
  runStart(system: string, entity: string, shown: Version, field: string): number {
    const history = this.system(system).table(entity).history(shown.nativeId)
    let index = shown.version - 1
    while (
      index > 0 &&
      this.value(field, history[index - 1]?.body) === this.value(field, history[index]?.body)
    )
      index -= 1
    return index
  }

  writerOf(place: PlaceOfField, shown: Version, field: string): Version {
    const history = this.system(place.system).table(place.entity).history(shown.nativeId)
    return history[this.runStart(place.system, place.entity, shown, field)] ?? shown
  }

  /** The id that a native record had before the system assigned others. */
  firstId({ system, entity }: PlaceOfField, nativeId: string): string {
    const [first] = this.system(system).table(entity).history(nativeId)
    const [, before] = /^renumbered (.+)$/.exec(first?.tag ?? '') ?? []
    return before === undefined ? nativeId : this.firstId({ system, entity }, before)
  }

  /** The create is the engine's only write to the record. */
  isOnlyCreated(system: string, entity: string | undefined, nativeId: string | undefined): boolean {
    if (entity === undefined || nativeId === undefined) return false
    const versions = this.system(system).table(entity).history(nativeId)
    return versions[0]?.by === 'engine' && versions.slice(1).every(({ by }) => by !== 'engine')
  }

  /** A value that the system itself filled in because the create omitted it. */
  isDefault({ system, entity }: PlaceOfField, { nativeId, version }: Version, field: string): boolean {
    const isFirst = version === 1 && this.system(system).filled.has(nativeId)
    return entity === customer && field === 'phone' && isFirst
  }

  stored(system: string, field: string, value: unknown): unknown {
    return field === 'name' && this.system(system).traits.truncates !== 'no' ? cutText(value) : value
  }

  /**
   * A create without our marker is recognised only by its code, and so is one whose idempotency key has expired: it can't be recognised after a
   * person has changed the code.
   */
  isUnknowable(system: string, { body }: Version): boolean {
    const { create } = this.system(system).traits.capabilities
    const knowable = ['clientId', 'upsertKey', 'marker'].includes(create)
    if (knowable || !this.#things.isRenamed(body?.code)) return false
    this.#tally.renamed += 1
    return true
  }

  /** Where a precondition is supported, nothing excuses an overwrite, least of all a write without one. */
  honoursVersions(system: string): boolean {
    return this.system(system).traits.capabilities.conditionalWrites
  }

  /** True when the record ever had this text. */
  everHeld(
    place: PlaceOfField & { readonly nativeId: string },
    field: string,
    value: CanonicalValue,
  ): boolean {
    const names = field === 'phone' ? ['phone', 'telephone'] : [field]
    return this.system(place.system)
      .table(place.entity)
      .history(place.nativeId)
      .some(({ body }) => names.some((name) => alike(this.value(name, body), value)))
  }
}
