import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../../test/support/database.ts'
import { MemorySystem } from '../../test/support/memory-systems/memory-system.ts'
import { testKey } from '../../test/support/test-key.ts'
import type { Connector } from '../connectors/kit/define-connector.ts'
import type { DomainEvent } from '../model/events.ts'
import { type Environment, readSettings } from './config.ts'
import { createRuntime, type IsthmusRuntime, type Role } from './create-runtime.ts'
import { loadDefinition } from './load-definition.ts'

const definition = `
integration: runtime-test
systems:
  crm: { connector: memory-test }
  erp: { connector: memory-test }
entities:
  thing:
    fields: { name: string, email: string }
    match: [{ exact: [email] }]
    conflict: { default: prefer crm }
    delete: { from: [crm], action: delete }
    systems:
      crm: { resource: things, map: { name: name, email: email }, triggers: [{ poll: 1s }] }
      erp: { resource: things, map: { name: name, email: email }, triggers: [{ webhook: changed }] }
`

let database: TestDatabase
let directory: string
const running: IsthmusRuntime[] = []

beforeAll(async () => {
  database = await withTestDatabase()
  directory = mkdtempSync(join(tmpdir(), 'isthmus-runtime-'))
  writeFileSync(join(directory, 'isthmus.yaml'), definition)
})

afterAll(async () => {
  await Promise.all(running.map((runtime) => runtime.stop()))
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Start {
  readonly memory: ReadonlyMap<string, MemorySystem>
  readonly schema: string
  readonly roles?: readonly Role[]
  readonly events?: DomainEvent[]
}

async function start({ memory, schema, roles, events }: Start): Promise<IsthmusRuntime> {
  const connector: Connector = {
    name: 'memory-test',
    connect: ({ name }) => memory.get(name) ?? new MemorySystem(name),
  }
  const runtime = await createRuntime({
    loaded: await loadDefinition({ directory, environment: {} }),
    settings: readSettings(
      { ...testKey, DATABASE_URL: database.connection, ISTHMUS_DATABASE_SCHEMA: schema },
      directory,
    ),
    connectors: [connector],
    ...(roles === undefined ? {} : { roles }),
    ...(events === undefined ? {} : { onEvent: (event) => void events.push(event) }),
  })
  running.push(runtime)
  runtime.start()
  return runtime
}

function pair(): ReadonlyMap<string, MemorySystem> {
  return new Map(['crm', 'erp'].map((name) => [name, new MemorySystem(name)]))
}

/** Waits, for a limited time, for the effect of other promises. */
async function until(holds: () => boolean): Promise<void> {
  for (let step = 0; !holds() && step < 6_000; step += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(holds()).toBe(true)
}

const webhook = (nativeId: string) => ({
  headers: { signature: 'good' },
  body: new TextEncoder().encode(nativeId),
  receivedAt: 0,
})

describe('createRuntime', () => {
  test('keeps two systems in agreement on PostgreSQL: first load, polls and webhooks', async () => {
    const memory = pair()
    const crm = memory.get('crm')
    const erp = memory.get('erp')
    for (let index = 0; index < 20; index += 1) {
      crm?.put({ name: `N${index}`, email: `${index}@example.org` })
      if (index % 2 === 0) erp?.put({ name: `N${index}`, email: `${index}@example.org` })
    }
    const events: DomainEvent[] = []
    const runtime = await start({ memory, schema: 'agreement', events })
    await until(() => erp?.records.size === 20)
    expect(crm?.records.size).toBe(20)

    crm?.put({ name: 'Edited in crm' }, 'crm-1')
    await until(() => erp?.all().some(({ name }) => name === 'Edited in crm') === true)
    const nativeId = [...(erp?.records.keys() ?? [])][3] ?? ''
    erp?.put({ name: 'Edited in erp' }, nativeId)
    expect(await runtime.receive('erp', webhook(nativeId))).toMatchObject({
      kind: 'accepted',
      duplicate: false,
    })
    expect(await runtime.receive('erp', webhook(nativeId))).toMatchObject({
      kind: 'accepted',
      duplicate: true,
    })
    await until(() => crm?.all().some(({ name }) => name === 'Edited in erp') === true)

    await runtime.idle()
    await runtime.checkReady()
    expect(Math.abs(runtime.now() - (await runtime.store.now()))).toBeLessThan(5_000)
    const writes = (crm?.counts.updates ?? 0) + (erp?.counts.updates ?? 0)
    const results = await runtime.byHand.runFull({}, new AbortController().signal)
    expect(results).toMatchObject([{ run: { unchanged: 20 } }, { run: { unchanged: 20 } }])
    await runtime.idle()
    expect((crm?.counts.updates ?? 0) + (erp?.counts.updates ?? 0)).toBe(writes)
    expect(events.filter(({ type }) => type === 'StoreFailed')).toEqual([])
    await runtime.stop()
    await runtime.stop()
  })

  test('shares the work between processes with different roles', async () => {
    const memory = pair()
    const schema = 'shared_work'
    const front = await start({ memory, schema, roles: ['intake', 'scheduler'] })
    const back = await start({ memory, schema, roles: ['worker'] })
    const crm = memory.get('crm')
    const erp = memory.get('erp')
    const nativeId = crm?.put({ name: 'Ada', email: 'ada@example.org' }) ?? ''
    expect(await back.receive('crm', webhook(nativeId))).toEqual({ kind: 'unknown' })
    expect(await front.receive('crm', webhook(nativeId))).toMatchObject({ kind: 'accepted' })
    await until(() => erp?.records.size === 1)
    await front.stop()
    await back.stop()
  })

  test('refuses a database that belongs to another integration, and leaves nothing open', async () => {
    const runtime = await start({ memory: pair(), schema: 'taken' })
    await runtime.stop()
    const other = mkdtempSync(join(tmpdir(), 'isthmus-runtime-'))
    writeFileSync(join(other, 'isthmus.yaml'), definition.replace('runtime-test', 'another'))
    const settings = readSettings(
      { ...testKey, DATABASE_URL: database.connection, ISTHMUS_DATABASE_SCHEMA: 'taken' },
      other,
    )
    const loaded = await loadDefinition({ directory: other, environment: {} })
    const connectors: Connector[] = [{ name: 'memory-test', connect: ({ name }) => new MemorySystem(name) }]
    await expect(createRuntime({ loaded, settings, connectors })).rejects.toMatchObject({
      code: 'STORE_OTHER_INTEGRATION',
    })
    rmSync(other, { recursive: true, force: true })
  })

  test('refuses what `isthmus start` refuses, all of it at once, and leaves the bound definition as it was', async () => {
    const schema = 'refused'
    const running = await start({ memory: pair(), schema })
    const bound = running.integration.version
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-runtime-'))
    const unguarded = definition.replaceAll('triggers: [{ poll: 1s }]', 'triggers: [{ poll: 2s }]')
    writeFileSync(join(folder, 'isthmus.yaml'), unguarded)
    const connector: Connector = {
      name: 'memory-test',
      connect: ({ name }) => new MemorySystem(name, { conditionalWrites: false, create: 'unsupported' }),
    }
    const attempt = createRuntime({
      loaded: await loadDefinition({ directory: folder, environment: {} }),
      settings: readSettings(
        { ...testKey, DATABASE_URL: database.connection, ISTHMUS_DATABASE_SCHEMA: schema },
        folder,
      ),
      connectors: [connector],
    })
    const error = await attempt.then(
      () => expect.fail('it was not refused'),
      (refused: unknown) => refused,
    )
    expect(error).toMatchObject({ code: 'DEFINITION_INVALID' })
    const places = ['crm', 'erp'].flatMap((system) =>
      ['name', 'email'].map((field) => `systems.${system}.map.${field}`),
    )
    for (const place of [...places, "crm can't create", "erp can't create", '[race-window]'])
      expect(String(error)).toContain(place)
    expect(await database.query(`select version from ${schema}.integration`)).toEqual([{ version: bound }])
    rmSync(folder, { recursive: true, force: true })
    await running.stop()
  })

  test('refuses a definition whose secrets were not resolved, instead of sending their names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isthmus-runtime-'))
    const text = definition.replace(
      'crm: { connector: memory-test }',
      `crm: { connector: memory-test, token: "\${env:CRM_TOKEN}" }`,
    )
    writeFileSync(join(folder, 'isthmus.yaml'), text)
    const connector: Connector = { name: 'memory-test', connect: ({ name }) => new MemorySystem(name) }
    const settings = readSettings(
      { ...testKey, DATABASE_URL: database.connection, ISTHMUS_DATABASE_SCHEMA: 'kept' },
      folder,
    )
    const loaded = await loadDefinition({ directory: folder, secrets: 'keep' })
    await expect(createRuntime({ loaded, settings, connectors: [connector] })).rejects.toMatchObject({
      code: 'CONFIG_SECRET_MISSING',
      message: expect.stringContaining('CRM_TOKEN (systems.crm)'),
    })
    rmSync(folder, { recursive: true, force: true })
  })

  test('seals a new schema, refuses one without a key, and stores values unsealed only on request', async () => {
    const loaded = await loadDefinition({ directory, environment: {} })
    const connectors: Connector[] = [{ name: 'memory-test', connect: ({ name }) => new MemorySystem(name) }]
    const startWith = async (environment: Environment) => {
      const settings = readSettings({ DATABASE_URL: database.connection, ...environment }, directory)
      const runtime = await createRuntime({ loaded, settings, connectors })
      await runtime.stop()
    }
    const keysIn = (schema: string) =>
      database.query(`select kind from ${schema}.sealing_key where kind = 'wrapping'`)
    await startWith({ ...testKey, ISTHMUS_DATABASE_SCHEMA: 'with_key' })
    expect(await keysIn('with_key')).toHaveLength(1)
    await expect(startWith({ ISTHMUS_DATABASE_SCHEMA: 'without_key' })).rejects.toMatchObject({
      code: 'STORE_KEY_MISSING',
      message: expect.stringContaining('isthmus keys create'),
    })
    await startWith({ ISTHMUS_DATABASE_SCHEMA: 'unsealed', ISTHMUS_SEALING: 'off' })
    expect(await keysIn('unsealed')).toEqual([])
    // A sealed schema stays sealed.
    await expect(
      startWith({ ISTHMUS_DATABASE_SCHEMA: 'with_key', ISTHMUS_SEALING: 'off' }),
    ).rejects.toMatchObject({ code: 'STORE_KEY_MISSING' })
  })
})
