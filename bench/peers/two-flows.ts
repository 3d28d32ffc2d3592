/**
 * Two one-way flows, as they are commonly paired in integration platforms: each polls one system by time of change, skips the values that the
 * integration itself wrote last, looks the record up in the other system by its code, and updates or creates it. Each keeps its own watermark.
 * Deletions are invisible to a poll by time of change, so they are not propagated.
 *
 * `node two-flows.ts <crm collection> <erp collection> <state file>`
 */
import { beginning, openState, placeOf, runForever, Side, sameValues, valuesOf } from './peer-kit.ts'

const pollMs = 1_000

const [crmUrl = '', erpUrl = '', file = ''] = process.argv.slice(2)
const crm = new Side(crmUrl)
const erp = new Side(erpUrl)
const { state, save } = openState(file, { crm: beginning, erp: beginning })

async function flow(name: 'crm' | 'erp', from: Side, to: Side): Promise<void> {
  for (const record of await from.changedSince(state[name])) {
    if (record.modifiedBy !== 'engine') {
      const counterpart = await to.byCode(record.code)
      if (counterpart === undefined) await to.create(valuesOf(record))
      else if (!sameValues(counterpart, record)) await to.write(counterpart.id, valuesOf(record))
    }
    // The watermark is advanced with each record: an interrupted flow continues there.
    state[name] = placeOf(record)
    save()
  }
}

await runForever(pollMs, async () => {
  await Promise.allSettled([flow('crm', crm, erp), flow('erp', erp, crm)])
})
