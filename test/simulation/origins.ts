/** The origin of a value that the engine wrote to a system: it may have been there before, or have been written for another record. */
import type { Version } from '../support/fake-system/remote-table.ts'
import type { History } from './history.ts'
import type { Scenario } from './scenario.ts'
import type { EngineWrite } from './sim-network.ts'

/** A value that a record adopts from one of its counterparts. */
export interface TakenValue {
  readonly system: string
  readonly entity: string
  readonly recordId: string
  readonly field: string
  /** The record had no value before. */
  readonly isFirst: boolean
}

export class Origins {
  readonly #scenario: Scenario
  readonly #history: History
  readonly #recordIds = new WeakMap<EngineWrite | Version, string>()
  #olderProcesses: ReadonlySet<string> = new Set()

  constructor(scenario: Scenario, history: History) {
    this.#scenario = scenario
    this.#history = history
  }

  /** `older`: processes that keep running the previous definition. */
  mappingChanged(older: Iterable<string>): void {
    this.#olderProcesses = new Set(older)
  }

  sending(call: EngineWrite, recordId: string): void {
    this.#recordIds.set(call, recordId)
  }

  applied(call: EngineWrite, version: Version): void {
    const recordId = this.#recordIds.get(call)
    if (recordId !== undefined) this.#recordIds.set(version, recordId)
  }

  /** The record that a request of the engine is for. */
  recordId(call: EngineWrite): string | undefined {
    return this.#recordIds.get(call)
  }

  /** The engine itself wrote this value for this record, so it is no change there. */
  isOurs(writer: Version, taken: TakenValue): boolean {
    if (writer.by !== 'engine' || this.#sentBack(writer, taken)) return false
    if (this.#history.isDefault(taken, writer, taken.field)) return false
    // A counterpart that came with a merge provides values that the survivor lacks.
    const writtenFor = this.#recordIds.get(writer)
    return !taken.isFirst || writtenFor === undefined || writtenFor === taken.recordId
  }

  /** A whole object written under a definition without the field sends back a value entered by a person. */
  #sentBack({ tag }: Version, { entity, field }: TakenValue): boolean {
    const wasMapped = this.#scenario.integration.entities.get(entity)?.fields.has(field) === true
    return !wasMapped && this.#olderProcesses.has(tag ?? '')
  }
}
