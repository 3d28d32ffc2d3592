/**
 * Bad input and failures of the systems, the credentials or the disk. Each is reported with a message that names it, and nothing is lost: afterwards
 * both systems agree.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import type { Fault } from '../support/fake-system/options.ts'
import { freePort, type IsthmusProcess, startIsthmus } from '../support/isthmus-process.ts'
import { RunningPair, settle, until } from '../support/running-pair.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../support/two-systems.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

describe('a system with faulty responses', () => {
  let database: TestDatabase
  let pair: RunningPair

  beforeAll(async () => {
    database = await withTestDatabase()
  })
  afterAll(() => database.close())

  async function open(options: Parameters<typeof RunningPair.open>[1] = {}): Promise<RunningPair> {
    pair = await RunningPair.open(database.connection, options)
    cleanups.push(() => pair.close())
    for (let n = 1; n <= 5; n += 1) pair.contacts.create(customerRecord(n), 'user')
    return pair
  }

  /** All codes and reasons that were reported so far. */
  const reported = (): string => JSON.stringify(pair.events)

  test('wrong credentials: the system is paused with the reason, and work continues once they are right', async () => {
    await open({ definition: { erpToken: 'ERP_TOKEN' }, environment: { ERP_TOKEN: 'wrong' } })
    pair.erp.token = 'right'
    await pair.start()
    await until(() => reported().includes('HTTP_UNAUTHENTICATED') || reported())
    await settle(500)
    expect(pair.partners.size).toBe(0)
    expect(reported()).not.toContain('"wrong"')
    pair.erp.token = 'wrong'
    await pair.agree(5)
  })

  test('an unreachable system: the network error is named, and everything is caught up', async () => {
    await open()
    pair.erp.outage(true)
    await pair.start()
    await until(() => reported().includes('HTTP_NETWORK') || reported())
    pair.erp.outage(false)
    await pair.agree(5)
  })

  for (const [what, fault, code] of [
    ['HTML instead of JSON', { kind: 'html' }, 'HTTP_RESPONSE_IS_HTML'],
    ['broken JSON', { kind: 'garbage' }, 'HTTP_RESPONSE_NOT_JSON'],
  ] as const satisfies readonly (readonly [string, Fault, string])[])
    test(`${what}: no information, a message with its own code, and nothing lost`, async () => {
      await open()
      pair.crm.fault(fault)
      await pair.start()
      await until(() => reported().includes(code) || reported())
      expect(await pair.running.store.admin.status()).toMatchObject({ records: {} })
      pair.crm.faults.clear()
      await pair.agree(5)
    })

  test('a page of 10 MB is accepted, and one of 100 MB is refused by name', async () => {
    // The size must end the read, not its time limit, even on a busy machine.
    await open({ definition: { crmSystem: { timing: { readTimeout: '30s', writeTimeout: '2s' } } } })
    pair.crm.fault({ kind: 'oversize', bytes: 10_000_000, path: 'limit=500', times: 1 })
    await pair.start()
    await pair.agree(5)
    pair.crm.fault({ kind: 'oversize', bytes: 100_000_000, path: 'limit=500', times: 1 })
    const [crm] = await pair.running.byHand.runFull({ system: 'crm' }, new AbortController().signal)
    expect(crm?.run).toMatchObject({ complete: false })
    expect(crm?.run?.reason).toMatchObject({ code: 'list-failed', cause: 'HTTP_RESPONSE_TOO_LARGE' })
    await pair.full()
    await pair.agree(5)
  })

  test('a database that was dropped: the failure is reported, the process stays alive, and stops when requested', async () => {
    const own = await withTestDatabase()
    pair = await RunningPair.open(own.connection)
    cleanups.push(() => pair.close())
    pair.contacts.create(customerRecord(1), 'user')
    await pair.start()
    await pair.agree(1)
    await own.close()
    await until(() => reported().includes('StoreFailed') || 'nothing told')
    await expect(pair.running.checkReady()).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) })
    expect(pair.partners.size).toBe(1)
  })
})

describe('an embedded database in trouble', () => {
  let crm: FakeSystem
  let erp: FakeSystem
  let isthmus: IsthmusProcess

  async function startAll(dataDir: string, count: number) {
    crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
    erp = await startFakeSystem({ name: 'erp', resources: [partners] })
    const directory = mkdtempSync(join(tmpdir(), 'isthmus-bad-'))
    cleanups.push(
      () => rmSync(directory, { recursive: true, force: true }),
      () => crm.close(),
      () => erp.close(),
    )
    writeDefinition(directory, twoSystems({ crmUrl: crm.url, erpUrl: erp.url }))
    for (let n = 1; n <= count; n += 1) crm.resource('contacts').table.create(customerRecord(n), 'user')
    const environment = { CRM_HOOK_SECRET: hookSecret, ISTHMUS_DATA_DIR: dataDir }
    const start = async () => {
      isthmus = await startIsthmus({ directory, port: await freePort(), environment })
      cleanups.push(() => isthmus.kill())
      return isthmus
    }
    await start()
    await equal(count)
    return start
  }

  const equal = (count: number) =>
    until(() => {
      const left = textOf(crm, 'contacts')
      const right = textOf(erp, 'partners')
      return (left === right && right.split('\n').length === count) || `${left.length} and ${right.length}`
    })

  test('deleted under a running process: it is reported by name, and a new start finds everything again', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'isthmus-data-'))
    // For root the server runs as another user, which needs access to this directory.
    chmodSync(dataDir, 0o755)
    cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }))
    const start = await startAll(dataDir, 20)
    emptyDirectory(dataDir)
    crm.resource('contacts').table.patch('1', { city: 'after the loss' }, 'user')
    await until(() => /EMBEDDED_DIRECTORY_GONE/.test(isthmus.output()) || isthmus.output())
    await isthmus.kill()
    await start()
    await equal(20)
    expect(erp.resource('partners').table.size).toBe(20)
  })

  const tiny = mountTiny()
  test.skipIf(tiny === undefined)(
    `a full disk: the message says so, nothing is lost, and it goes on when there is room${tiny === undefined ? ' (SKIPPED: needs root and tmpfs)' : ''}`,
    async () => {
      const dataDir = join(tiny ?? '', 'data')
      mkdirSync(dataDir)
      cleanups.push(() => {
        execFileSync('umount', ['-l', tiny ?? ''])
      })
      await startAll(dataDir, 50)
      const ballast = join(tiny ?? '', 'ballast')
      fillDisk(ballast)
      const { table } = crm.resource('contacts')
      for (let round = 1; !isDiskFull() && round <= 400; round += 1) {
        for (const nativeId of [...table.nativeIds()])
          table.patch(nativeId, { city: `Round ${round} ${'x'.repeat(200)}` }, 'user')
        await settle(250)
      }
      expect(isthmus.output()).toMatch(/DISK_FULL/)
      rmSync(ballast)
      if (isthmus.child.exitCode !== null) throw new Error(`it ended:\n${isthmus.output()}`)
      await equal(50)
    },
    180_000,
  )

  const isDiskFull = () => /DISK_FULL/.test(isthmus.output())
})

/** A disk of 200 MB for root, otherwise undefined (with a message). */
function mountTiny(): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-tiny-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=755', 'tmpfs', directory], {
      stdio: 'ignore',
    })
    return directory
  } catch {
    console.warn('SKIPPED: a full disk of the embedded database (needs root and tmpfs)')
    rmSync(directory, { recursive: true, force: true })
    return undefined
  }
}

/** Leaves no space at all. */
function fillDisk(file: string): void {
  const block = Buffer.alloc(1_000_000)
  for (const size of [block.length, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, block.subarray(0, size), { flag: 'a' })
    } catch {
      // Full for blocks of this size.
    }
  }
}

/** Simulates a person with `rm -rf`. */
function emptyDirectory(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true })
}

function textOf(system: FakeSystem, name: string): string {
  const { table } = system.resource(name)
  return [...table.nativeIds()]
    .map((nativeId) => {
      const body = table.current(nativeId)?.body ?? {}
      return ['code', 'name', 'email', 'phone', 'city'].map((field) => String(body[field])).join('|')
    })
    .toSorted()
    .join('\n')
}
