/**
 * Records merged and planned per second of one core's time: 20 fields, two systems, one edit. `--json` prints one line for machines.
 *
 * Processor time is counted, not wall-clock time, so that other load on the machine has little influence.
 *
 * The unchanged record is the most common one in a full run; the edited one takes every step: absorb, decide, plan.
 */
import { mergeRecord } from '../src/model/merge/merge-record.ts'
import { planWrites } from '../src/model/plan.ts'
import { agreedOf, entityOf, inputOf, syncedOf } from '../test/support/merge-cases.ts'
import { percentile } from './statistics.ts'

const fieldCount = 20
const rounds = 9
const roundMs = 400

const names = Array.from({ length: fieldCount }, (_, index) => `field${index}`)
const entity = entityOf({ fields: Object.fromEntries(names.map((name) => [name, {}])) })
const values = Object.fromEntries(names.map((name) => [name, `value of ${name}`]))

function scenario(edited: boolean) {
  const fields = () => Object.fromEntries(names.map((name) => [name, syncedOf(values[name] ?? '')]))
  return inputOf({
    entity,
    fields: Object.fromEntries(names.map((name) => [name, agreedOf(values[name] ?? '')])),
    members: { crm: { fields: fields() }, erp: { fields: fields() } },
    shown: { crm: edited ? { ...values, field7: 'another value' } : { ...values }, erp: { ...values } },
  })
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Median rate over several rounds, after one to warm up. */
function measure(edited: boolean): number {
  const inputs = Array.from({ length: 64 }, () => scenario(edited))
  const rates: number[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const start = cpuMs()
    let merged = 0
    let writes = 0
    while (cpuMs() - start < roundMs) {
      for (const input of inputs) writes += planWrites(input, mergeRecord(input)).writes.length
      merged += inputs.length
    }
    if (writes !== (edited ? merged : 0))
      throw new RangeError('the merge planned other writes than it should')
    if (round > 0) rates.push((merged * 1000) / (cpuMs() - start))
  }
  return Math.round(percentile(rates, 0.5))
}

const result = {
  fields: fieldCount,
  systems: 2,
  editedPerSecond: measure(true),
  unchangedPerSecond: measure(false),
}
console.log(
  process.argv.includes('--json')
    ? JSON.stringify(result)
    : `pure merge, ${fieldCount} fields, 2 systems, per core: ${result.editedPerSecond} edited records/s, ` +
        `${result.unchangedPerSecond} unchanged records/s`,
)
