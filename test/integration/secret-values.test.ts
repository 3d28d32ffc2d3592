/** Fields that nobody may see, and card numbers that must not be stored, through the whole program on an embedded database. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCommand } from '../support/cli-process.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { contacts, customerRecord, partners, twoSystems, writeDefinition } from '../support/two-systems.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-secret-'))
const card = '4012888888881881'
const outputs: string[] = []
let crm: FakeSystem
let erp: FakeSystem

vi.setConfig({ testTimeout: 240_000 })
beforeAll(async () => {
  crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
  erp = await startFakeSystem({ name: 'erp', resources: [partners] })
  const { entities, ...definition } = twoSystems({
    crmUrl: crm.url,
    erpUrl: erp.url,
    customer: {
      fields: {
        code: { type: 'string', required: true },
        name: 'string',
        email: { type: 'string', cardNumbers: 'allow' },
        phone: { type: 'string', sensitivity: 'secret' },
        city: 'string',
      },
      conflict: { default: 'prefer crm erp', fields: { phone: 'manual' } },
    },
  })
  writeDefinition(directory, { ...definition, cardNumbers: 'mask', entities })
})
afterAll(async () => {
  await crm?.close()
  await erp?.close()
  rmSync(directory, { recursive: true, force: true })
})

async function isthmus(...args: string[]) {
  const environment = { ISTHMUS_LOG_LEVEL: 'trace' }
  const ended = await runCommand(args, { directory, keys: path.join(directory, 'keys'), environment })
  outputs.push(ended.out, ended.err)
  return ended
}

function partner(): { readonly id: string; readonly body: Readonly<Record<string, unknown>> } {
  const { table } = erp.resource('partners')
  const [id = ''] = [...table.nativeIds()]
  return { id, body: table.current(id)?.body ?? {} }
}

test('secret values reach the other system and no person, and card numbers reach neither', async () => {
  const phones = [
    '+49 30 5550100',
    '+49 30 5550199',
    '+49 30 5550177',
    'behind the yellow Quillfeather',
  ] as const
  const { table } = crm.resource('contacts')
  const { nativeId } = table.create(
    customerRecord(1, { phone: phones[0], city: `paid with ${card}`, email: `${card}@example.org` }),
    'user',
  )
  const first = await isthmus('sync', '--wait')
  expect(first, first.err).toMatchObject({ code: 0 })
  expect(partner().body).toMatchObject({
    phone: phones[0],
    city: 'paid with 401288******1881',
    email: `${card}@example.org`,
  })

  // People change the same field in both systems: a conflict, whose candidates nobody sees.
  table.patch(nativeId, { phone: phones[1] }, 'user')
  erp.resource('partners').table.patch(partner().id, { phone: phones[2] }, 'user')
  expect(await isthmus('sync', '--wait')).toMatchObject({ code: expect.toBeOneOf([0, 2]) })
  const conflicts = JSON.parse((await isthmus('--json', 'conflicts', 'list')).out)
  expect(conflicts).toMatchObject({
    conflicts: [{ field: 'phone', candidates: [{ value: '(secret)' }, { value: '(secret)' }] }],
  })
  const [{ id }] = conflicts.conflicts
  expect(await isthmus('conflicts', 'resolve', id, '--take', 'crm')).toMatchObject({ code: 0 })
  expect(await isthmus('sync', '--wait')).toMatchObject({ code: 0 })
  expect(partner().body.phone).toBe(phones[1])

  // The system's refusal quotes what it was sent.
  const body = { error: { message: `phone ${phones[3]} of card ${card} is not valid` } }
  erp.faults.add({ kind: 'status', method: 'PUT', status: 422, body })
  table.patch(nativeId, { phone: phones[3] }, 'user')
  await isthmus('sync', '--wait', '--timeout', '30s')
  erp.faults.clear()
  const failures = await isthmus('failures', 'list', '--json')
  expect(failures.out).toContain('phone … of card … is not valid')

  const shown = await isthmus('record', 'show', `crm:${nativeId}`)
  expect(shown.out).toMatch(/phone .*\(secret\)/)
  expect(shown.out).toContain('401288******1881')
  const why = await isthmus('record', 'why', `crm:${nativeId}`)
  expect(why.out).toMatch(/phone .*\(secret\)/)
  await isthmus('--json', 'record', 'show', `crm:${nativeId}`)
  await isthmus('--json', 'record', 'why', `crm:${nativeId}`)
  // The card number of the field that allows it is the only one left, and the one in the CRM is as it was.
  for (const text of outputs) {
    for (const phone of phones) expect(text).not.toContain(phone)
    expect(text.replaceAll(`${card}@example.org`, '')).not.toContain(card)
  }
  expect(table.current(nativeId)?.body?.city).toBe(`paid with ${card}`)
})
