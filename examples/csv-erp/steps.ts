/** Simulated actions of users and programs, and faults of the network, for the two systems. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Step, StepContext } from '../harness/run-example.ts'
import type { Customer, Invoice } from './erp.ts'
import type { CrmRecord, Systems } from './systems.ts'

type FileScene = StepContext<Systems>

const numberOf = (n: number): string => `K${String(n).padStart(5, '0')}`

const invoice = (n: number, customer: string, more: Partial<Invoice> = {}): Invoice => ({
  number: `R${String(n).padStart(5, '0')}`,
  customer,
  total: `${n * 11},${String(n % 100).padStart(2, '0')}`,
  due: '20270131',
  paid: 'N',
  ...more,
})

const customer = (n: number): Customer => ({
  number: numberOf(n),
  company: `Bäckerei Müller ${n}`,
  city: n % 3 === 0 ? '' : 'Köln',
  credit: `${n * 100},50`,
  blocked: n % 7 === 0 ? 'J' : 'N',
})

/** Before Isthmus: both know half of the customers, the others are in one of the two; some have invoices. */
export async function fill({ erp, crm }: Systems, records: number): Promise<void> {
  for (let n = 1; n <= records; n += 1) {
    const one = customer(n)
    if (n % 4 !== 0) erp.put(one)
    if (n % 4 !== 1)
      crm
        .resource('customers')
        .table.create(
          { number: one.number, name: one.company, city: one.city, blocked: one.blocked === 'J' },
          'user',
        )
  }
  await erp.bill(
    Array.from({ length: Math.floor(records / 4) }, (_, n) => invoice(n + 1, numberOf(4 * n + 1))),
  )
  erp.start()
}

function record({ systems }: FileScene, number: string): CrmRecord | undefined {
  return systems.inCrm('customers').get(number)?.[0]
}

/** Somebody edits in the CRM. */
function edit(context: FileScene, number: string, changes: Readonly<Record<string, unknown>>): void {
  const found = record(context, number)
  if (found === undefined) throw new RangeError(`the CRM has no customer ${number}`)
  context.systems.crm.resource('customers').table.patch(found.nativeId, changes, 'user')
}

const there = ({ systems }: FileScene, file: string): boolean =>
  existsSync(path.join(systems.erp.folder, file))

const firstLoad: Step<Systems> = {
  title: 'First load: an export, a list, and what each of the two lacks',
  run: async (context) => {
    await context.settled()
    const { erp } = context.systems
    context.say(
      `${erp.customers.size} customers in both. The ERP received those it lacked in ${erp.taken} files.`,
    )
    context.say('Their credit limits are its own: it gave the new ones 500,00, and that is in the CRM now.')
    context.say(
      `Invoices came as changes; their file lies in done: ${readdirSync(path.join(erp.folder, 'done')).join(', ')}`,
    )
  },
}

const edits: Step<Systems> = {
  title: 'Edits on both sides',
  run: async (context) => {
    const { systems } = context
    const long = 'Vereinigte Ostpreußische Mühlenwerke'
    edit(context, numberOf(1), { name: long, city: 'Königsberg' })
    systems.erp.change(numberOf(2), { blocked: 'J', credit: '12345,67' })
    edit(context, numberOf(3), { credit: '999999.00' })
    await context.settled()
    const short = systems.erp.customers.get(numberOf(1))?.company
    context.say(`"${long}" is "${short}" in the ERP, which has 30 characters; the CRM keeps all of them.`)
    context.say('The limit that a salesman gave himself in the CRM is what the ERP says again.')
    const kept = record(context, numberOf(1))?.body.name
    if (kept !== long) throw new RangeError(`the CRM's long name became ${kept}`)
  },
}

const badFiles: Step<Systems> = {
  title: 'Exports that are half, cut off, damaged',
  run: async (context) => {
    const { systems } = context
    const { erp } = systems
    const before = systems.inCrm('customers').size
    const unharmed = async (): Promise<void> => {
      // Longer than some polls and the two looks at each deletion.
      await sleep(3_000)
      const now = systems.inCrm('customers').size
      if (now !== before) throw new RangeError(`${before - now} customers were deleted for a bad file`)
    }
    await erp.pause()
    await erp.exportBadly('half')
    await unharmed()
    context.say('Half a file lies there, without the mark that it is whole: nobody reads it.')
    const cut = await erp.exportBadly('cut off')
    await unharmed()
    context.say(`${cut} has its mark and half of the rows, but not the last one: no customer counts as gone.`)
    erp.change(numberOf(1), { city: 'Kaliningrad' })
    const damaged = await erp.exportBadly('damaged rows')
    await context.until(
      'the change of a good row',
      () => record(context, numberOf(1))?.body.city === 'Kaliningrad',
    )
    await unharmed()
    context.say(
      `Every fifth row of ${damaged} has cells missing. The others are taken; nobody counts as gone.`,
    )
    erp.resume()
    erp.remove(numberOf(5))
    await context.until('the deleted one gone', () => record(context, numberOf(5)) === undefined)
    await erp.cancel(invoice(2, '').number)
    await context.settled()
    context.say(
      'The next export is whole, and one customer is not in it: that one is deleted in the CRM too.',
    )
  },
}

const damagedChanges: Step<Systems> = {
  title: 'A file of changes with a row that nobody can read',
  run: async (context) => {
    const { systems } = context
    const { erp } = systems
    const good = invoice(801, numberOf(1))
    const bad = invoice(802, numberOf(2))
    await erp.bill([good, bad], [bad.number])
    await context.until('the good row', () => systems.inCrm('invoices').has(good.number))
    const [name = ''] = readdirSync(path.join(erp.folder, 'done')).filter((one) => one.endsWith('.damaged'))
    const reported = readFileSync(path.join(erp.folder, 'done', `${name}.txt`), 'utf8').trim()
    context.say(`The good row is in the CRM. The file is kept as ${name}; beside it: "${reported}".`)
    context.say('The row is written again, and somebody removes the damaged file.')
    await erp.bill([bad])
    rmSync(path.join(erp.folder, 'done', name))
    rmSync(path.join(erp.folder, 'done', `${name}.txt`))
    await context.settled()
  },
}

const away: Step<Systems> = {
  title: 'Files that come while Isthmus is down; restarts and lost responses',
  run: async (context) => {
    const { systems } = context
    const { erp, crm } = systems
    context.say(
      'Isthmus is killed. Meanwhile the ERP exports, bills and bills again, and people work in the CRM.',
    )
    await context.killAndRestart(async () => {
      for (let n = 901; n <= 910; n += 1) erp.put(customer(n))
      await erp.bill(Array.from({ length: 10 }, (_, n) => invoice(901 + n, numberOf(901 + n))))
      await erp.bill([invoice(901, numberOf(901), { paid: 'J' })])
      await erp.cancel(invoice(902, '').number)
      for (let n = 911; n <= 920; n += 1)
        crm
          .resource('customers')
          .table.create({ number: numberOf(n), name: `New ${n}`, city: '', blocked: false }, 'user')
      await sleep(1_000)
    })
    await context.settled()
    context.say('Nothing of it was missed, and the two bills were taken in their order: the first is paid.')
    context.say('The CRM makes customers, but loses answers; it is restarted; Isthmus is killed once more.')
    crm.fault({ kind: 'lose-response', method: 'POST', times: 2 })
    for (let n = 921; n <= 940; n += 1) erp.put(customer(n))
    await context.until('the first of them', () => record(context, numberOf(921)) !== undefined)
    const restarted = systems.crmFront.restart(2_000)
    for (let n = 941; n <= 950; n += 1) erp.put(customer(n))
    await restarted
    edit(context, numberOf(921), { city: 'Aachen' })
    await context.killAndRestart()
    await context.settled()
    if (!there(context, 'done')) throw new RangeError('there is no archive')
    context.say('Fifty customers more, each of them once.')
  },
}

export const steps: readonly Step<Systems>[] = [firstLoad, edits, badFiles, damagedChanges, away]
