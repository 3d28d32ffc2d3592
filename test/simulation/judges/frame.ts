/** INV-18: unmapped data is unchanged, next to mapped properties, in nested objects and in the elements of lists. */
import type { Native, Version } from '../../support/fake-system/remote-table.ts'
import { isObject } from '../native-records.ts'
import type { EngineWrite } from '../sim-network.ts'
import { unmapped } from '../world.ts'
import type { Bench, Judge } from './judge.ts'

/** Where a system supports no versions, an edit so shortly before a write may be lost. */
const raceMs = 12_000

export class Frame implements Judge {
  readonly #bench: Bench

  constructor(bench: Bench) {
    this.#bench = bench
  }

  applying(call: EngineWrite, before: Version | undefined): void {
    if (call.operation !== 'update' || before?.body === undefined) return
    const { history, fail } = this.#bench
    const { write, nested } = history.system(call.system).traits.capabilities
    if (write === 'put') return
    if (unmapped in call.body)
      fail('INV-18', `${call.system} ${call.nativeId}: an unmapped property was sent`)
    const { address } = call.body
    if (nested === 'merge' && isObject(address) && 'door' in address)
      fail('INV-18', `${call.system} ${call.nativeId}: an unmapped property of a nested object was sent`)
  }

  applied(call: EngineWrite, after: Version): void {
    if (call.operation !== 'update') return
    const { history } = this.#bench
    const states = history.system(call.system).table(call.entity).history(after.nativeId)
    const before = states[after.version - 2]
    if (before?.body === undefined || after.body === undefined) return
    this.#compare(call, before, [unmapped, before.body[unmapped], after.body[unmapped]])
    const [old, now] = [before.body.address, after.body.address]
    if (isObject(old))
      this.#compare(call, before, ['address.door', old.door, isObject(now) ? now.door : undefined])
    this.#compareLines(call, before, linesOf(after.body))
  }

  /** Lines are paired by the property that identifies them for users. */
  #compareLines(call: EngineWrite, before: Version, after: readonly Native[]): void {
    const old = linesOf(before.body)
    for (const line of old) {
      const now = after.find(({ sku }) => sku === line.sku)
      if (now === undefined || changesBetween(old, after) > 1) continue
      this.#compare(call, before, [`lines.${String(line.sku)}.id`, line.id, now.id])
      this.#compare(call, before, [`lines.${String(line.sku)}.tax`, line.tax, now.tax])
    }
  }

  #compare(call: EngineWrite, before: Version, [what, old, now]: readonly [string, unknown, unknown]): void {
    if (old === now) return
    const { history, fail, tally, scheduler } = this.#bench
    const isRace = !history.honoursVersions(call.system) && scheduler.now - before.at < raceMs
    if (isRace && before.by === 'user') tally.races += 1
    else
      fail('INV-18', `${call.system} ${call.nativeId}: unmapped ${what} ${String(old)} became ${String(now)}`)
  }
}

function linesOf(body: Native | undefined): readonly Native[] {
  return Array.isArray(body?.lines) ? (body.lines as readonly Native[]) : []
}

/** Elements without a counterpart of the same mapped content: with more than one, they can't be identified. */
function changesBetween(old: readonly Native[], now: readonly Native[]): number {
  const content = (line: Native): string => `${String(line.sku)}|${String(line.qty)}`
  const left = now.map(content)
  let changes = 0
  for (const line of old) {
    const at = left.indexOf(content(line))
    if (at < 0) changes += 1
    else left.splice(at, 1)
  }
  return Math.max(changes, left.length)
}
