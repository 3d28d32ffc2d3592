/**
 * Drift of a system's schema, with the real engine on the memory store: what is reported, what is left
 * unchanged, and the effect afterwards.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemorySystem } from '../../../test/support/memory-systems/memory-system.ts'
import { testKey } from '../../../test/support/test-key.ts'
import type { FieldDescription } from '../../connectors/kit/description.ts'
import type { DomainEvent } from '../../model/events.ts'
import { createClearCodec } from '../../store/clear-codec.ts'
import { MemoryStore } from '../../store/memory/memory-store.ts'
import { readSettings } from '../config.ts'
import { createRuntime, type IsthmusRuntime } from '../create-runtime.ts'
import { loadDefinition } from '../load-definition.ts'
import { pausedCode } from './paused-fields.ts'

const field = (name: string, maxLength: number): FieldDescription => ({
  path: [name],
  nativeType: 'text',
  type: { kind: 'string' },
  maxLength,
  required: false,
  nullable: true,
  creatable: true,
  updatable: true,
})

/** A twin that describes its records. */
class DescribedMemorySystem extends MemorySystem {
  fields: FieldDescription[] = [field('name', 80), field('email', 80)]
  async describe() {
    return { kind: 'known', resources: [{ name: 'things', key: [['id']], fields: this.fields }] } as const
  }
}

const definition = (drift: string): string => `
integration: drift-test
drift: ${drift}
systems:
  crm: { connector: memory-test }
  erp: { connector: memory-test }
entities:
  thing:
    fields: { name: string, email: string }
    match: [{ exact: [email] }]
    conflict: { default: prefer crm }
    systems:
      crm: { resource: things, map: { name: name, email: email }, triggers: [{ poll: 100ms }] }
      erp: { resource: things, map: { name: name, email: email }, triggers: [{ poll: 100ms }] }
`

let directory: string
let crm: DescribedMemorySystem
let erp: MemorySystem
let store: MemoryStore
let events: DomainEvent[]
const running: IsthmusRuntime[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-drift-'))
  crm = new DescribedMemorySystem('crm')
  erp = new MemorySystem('erp')
  store = new MemoryStore({
    now: () => Date.now(),
    uuid: randomUUID,
    codec: createClearCodec(Buffer.from('test key of the store')),
  })
  events = []
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((runtime) => runtime.stop()))
  rmSync(directory, { recursive: true, force: true })
})

async function start(drift: string): Promise<IsthmusRuntime> {
  writeFileSync(join(directory, 'isthmus.yaml'), definition(drift))
  const runtime = await createRuntime({
    loaded: await loadDefinition({ directory, environment: {} }),
    settings: readSettings({ ...testKey }, directory),
    store,
    connectors: [{ name: 'memory-test', connect: ({ name }) => (name === 'crm' ? crm : erp) }],
    onEvent: (event) => void events.push(event),
  })
  running.push(runtime)
  runtime.start()
  return runtime
}

async function restart(drift: string): Promise<IsthmusRuntime> {
  await Promise.all(running.splice(0).map((runtime) => runtime.stop()))
  return start(drift)
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let step = 0; !(await holds()); step += 1) {
    if (step > 6_000) expect.fail(`${what} did not come true`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const drifted = () => events.filter(({ type }) => type === 'SchemaDrifted')
const nameIn = (system: MemorySystem): unknown => system.all()[0]?.name
const hasSchema = async (): Promise<boolean> => (await store.admin.schemas()).length === 1
const pausedFailures = async (): Promise<number> =>
  (await store.admin.failures({ limit: 10 })).rows.filter(({ code }) => code === pausedCode).length

async function agreeOnce(drift: string): Promise<void> {
  crm.put({ name: 'Ada', email: 'ada@example.org' })
  await start(drift)
  await until('the first load', () => nameIn(erp) === 'Ada')
  await until('the first look', hasSchema)
}

test('the first form is accepted in silence, and the same form again is no news', async () => {
  await agreeOnce('pause')
  await restart('pause')
  crm.put({ name: 'Ada L.' }, 'crm-1')
  await until('the edit', () => nameIn(erp) === 'Ada L.')
  expect(drifted()).toEqual([])
})

test('propose: a harmful change is reported, and nothing stops', async () => {
  await agreeOnce('propose')
  crm.fields = [field('name', 40), field('email', 80), field('extra', 10)]
  await restart('propose')
  await until('the event', () => drifted().length === 1)
  expect(drifted()).toEqual([
    { type: 'SchemaDrifted', system: 'crm', resource: 'things', differences: 2, harmful: 1, fields: [] },
  ])
  crm.put({ name: 'Ada L.' }, 'crm-1')
  await until('the edit', () => nameIn(erp) === 'Ada L.')
})

test('ignore: nothing is reported', async () => {
  await agreeOnce('ignore')
  crm.fields = [field('name', 40), field('email', 80)]
  await restart('ignore')
  await until('the look', async () => (await store.admin.schemas())[0]?.seen.includes('40') === true)
  expect(drifted()).toEqual([])
})

test('pause: the field is left alone there, the others go on, and nothing is lost when the form is accepted', async () => {
  await agreeOnce('pause')
  crm.fields = [field('name', 40), field('email', 80)]
  await restart('pause')
  await until('the event', () => drifted().length === 1)
  expect(drifted()[0]).toMatchObject({ harmful: 1, fields: ['thing.name'] })

  // Edited while one field is paused: the other field is synced, this one is not.
  crm.put({ name: 'Changed in crm', email: 'ada@example.net' }, 'crm-1')
  await until('the other field', () => erp.all()[0]?.email === 'ada@example.net')
  expect(nameIn(erp)).toBe('Ada')
  await until('the failure that a person sees', async () => (await pausedFailures()) === 1)

  expect(await store.admin.acceptSchemas({ system: 'crm' }, 'Ada')).toBe(1)
  await restart('pause')
  await until('what was edited meanwhile', () => nameIn(erp) === 'Changed in crm')
  await until('the failure is over', async () => (await pausedFailures()) === 0)
})

test('pause: an edit made elsewhere waits for the paused field, and is written afterwards', async () => {
  await agreeOnce('pause')
  crm.fields = [field('email', 80)]
  await restart('pause')
  await until('the event', () => drifted().length === 1)
  erp.put({ name: 'Changed in erp', email: 'ada@example.net' }, 'erp-1')
  await until('the other field', () => crm.all()[0]?.email === 'ada@example.net')
  expect(nameIn(crm)).toBe('Ada')

  crm.fields = [field('name', 80), field('email', 80)]
  await restart('pause')
  await until('the look', async () => (await store.admin.schemas())[0]?.seen.includes('name') === true)
  await restart('pause')
  await until('what was agreed meanwhile', () => nameIn(crm) === 'Changed in erp')
})
