/** INV-2 for empty values: the engine clears a value only where a person has cleared it. */
import { defaultPolicy } from '../../../src/model/merge/own-default.ts'
import type { RecordDetail } from '../../../src/store/admin-contract.ts'
import type { Decision, Settlement } from '../../../src/store/contract.ts'
import type { Version } from '../../support/fake-system/remote-table.ts'
import { alike } from '../likeness.ts'
import { filledPhone } from '../native-records.ts'
import type { EngineWrite } from '../sim-network.ts'
import type { Bench, Judge } from './judge.ts'

export class Emptied implements Judge {
  readonly #bench: Bench
  readonly #codes = new Set<unknown>()
  /** Values that may be defaults or edits, and that users find among the conflicts. */
  readonly #reported: unknown[] = []
  /** Where such a value is overwritten. */
  readonly #places = new Set<string>()

  constructor(bench: Bench) {
    this.#bench = bench
  }

  made(code: unknown): void {
    this.#codes.add(code)
  }

  committed(item: Decision | Settlement, _before: unknown, after: RecordDetail | undefined): void {
    this.#noteDefaults(after)
    for (const { field, policy, candidates } of item.conflicts ?? []) {
      const places = (after?.members ?? []).map(({ system, nativeId }) => `${system} ${nativeId} ${field}`)
      if (policy === defaultPolicy) for (const place of places) this.#places.add(place)
      // Until the empty value has arrived there, later edits are concurrent with it.
      if (places.some((place) => this.#places.has(place)))
        this.#reported.push(...candidates.map(({ value }) => value))
    }
  }

  /** A known default is overwritten without a conflict, and an edit of it in the meantime is concurrent with that write. */
  #noteDefaults(after: RecordDetail | undefined): void {
    for (const { system, nativeId, fields } of after?.members ?? [])
      for (const [field, { shadow, acked }] of Object.entries(fields))
        if (isDefault(shadow) && acked === 0 && isNothing(after?.record.fields[field]?.value))
          this.#places.add(`${system} ${nativeId} ${field}`)
  }

  applying(call: EngineWrite, before: Version | undefined): void {
    if (call.operation !== 'update' || before?.body === undefined) return
    const { history, fail, things } = this.#bench
    for (const [field, value] of Object.entries(call.body)) {
      const old = before.body[field]
      if (!isNothing(value) || isNothing(old) || field === 'tags' || field === 'lines') continue
      // A value that only the system itself filled in was entered by no one.
      if (this.#reported.some((value) => alike(value, old))) continue
      // Changed once more between the read and the write, which had no precondition.
      const isReported = this.#places.has(`${call.system} ${before.nativeId} ${field}`)
      if (isReported && !history.honoursVersions(call.system)) continue
      if (isDefault(old)) continue
      const code = before.body.code
      if ([...this.#codes].some((one) => things.areSame(one, code))) continue
      if (history.system(call.system).traits.capabilities.write === 'put' && this.#wasSeenEmpty(call, field))
        continue
      fail(
        'INV-2',
        `${call.system} ${before.nativeId}.${field}: ${String(old)} was emptied, though nobody emptied it`,
      )
    }
  }

  /** A whole object that is sent back contains values that were empty when it was read. */
  #wasSeenEmpty(call: EngineWrite, field: string): boolean {
    const table = this.#bench.history.system(call.system).table(call.entity)
    return table.history(call.nativeId ?? '').some(({ body }) => body !== undefined && isNothing(body[field]))
  }
}

/** Filled in by the system itself, or derived from an empty value by a system that rewrites written values. */
function isDefault(value: unknown): boolean {
  return value === filledPhone || (typeof value === 'string' && value.startsWith('~'))
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}
