import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { readPostmaster } from './postmaster-file.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start-embedded-postgres.ts'

const holder = path.resolve(import.meta.dirname, '../../../test/support/embedded-holder.ts')
const isRoot = process.getuid?.() === 0
const directories: string[] = []
const servers: EmbeddedPostgres[] = []
const children: ChildProcess[] = []

function freshDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'isthmus-test-'))
  chmodSync(directory, 0o755)
  directories.push(directory)
  return path.join(directory, '.isthmus')
}

async function start(dataDir: string, stopWithParent = true): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, stopWithParent })
  servers.push(server)
  return server
}

interface Held {
  readonly child: ChildProcess
  readonly connection: string
  readonly adopted: boolean
  readonly pid: number
  readonly code?: string
  readonly message?: string
}

async function holdElsewhere(command: readonly string[]): Promise<Held> {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' })
  children.push(child)
  const [line] = await once(child.stdout, 'data')
  return { child, ...JSON.parse(String(line)) }
}

async function query(connection: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: connection })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 6_000; attempt += 1) {
    if (await what()) return
    await sleep(20)
  }
  throw new RangeError('it did not happen')
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

describe('the embedded PostgreSQL', () => {
  test('is durable, checks its pages, and listens on nothing but a private socket', async () => {
    const dataDir = freshDirectory()
    const server = await start(dataDir)
    expect(server.adopted).toBe(false)
    const [settings] = await query(
      server.connection,
      `select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as commit, current_setting('data_checksums') as checksums,
         current_setting('server_encoding') as encoding`,
    )
    expect(settings).toEqual({ addresses: '', fsync: 'on', commit: 'on', checksums: 'on', encoding: 'UTF8' })
    const socket = new URL(server.connection).searchParams.get('host') ?? ''
    expect(statSync(socket).mode & 0o777).toBe(0o700)
    expect(statSync(path.join(dataDir, 'database')).mode & 0o777).toBe(0o700)
    expect(Buffer.byteLength(`${socket}/.s.PGSQL.5432`)).toBeLessThan(108)
    await server.stop()
    await until(() => !isAlive(server.pid()))
    expect(existsSync(socket)).toBe(false)
  })

  test('is shared by runtimes on one directory, and stopped by the last to leave', async () => {
    const dataDir = freshDirectory()
    const first = await start(dataDir)
    const second = await start(dataDir)
    expect(second.adopted).toBe(true)
    expect(second.pid()).toBe(first.pid())
    await first.stop()
    expect(await query(second.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    await second.stop()
    await until(() => !isAlive(second.pid()))
  })

  test('is made once by processes that start at the same moment', async () => {
    const dataDir = freshDirectory()
    const held = await Promise.all(
      Array.from({ length: 3 }, () => holdElsewhere([process.execPath, holder, dataDir])),
    )
    expect(held.map(({ message }) => message)).toEqual([undefined, undefined, undefined])
    expect(held.filter(({ adopted }) => !adopted)).toHaveLength(1)
    await Promise.all(
      held.map(async ({ child }) => {
        child.stdin?.end()
        await once(child, 'exit')
      }),
    )
    await until(() => held.every(({ pid }) => !isAlive(pid)))
  })

  test('is adopted, with what was committed, after its runtime was killed with -9', async () => {
    const dataDir = freshDirectory()
    const held = await holdElsewhere([process.execPath, holder, dataDir, 'orphan'])
    await query(held.connection, 'create table kept as select 42 as answer')
    held.child.kill('SIGKILL')
    await once(held.child, 'exit')
    const server = await start(dataDir)
    expect(server).toMatchObject({ adopted: true })
    expect(server.pid()).toBe(held.pid)
    expect(await query(server.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
    await server.stop()
    await until(() => !isAlive(held.pid))
  })

  test.skipIf(!existsSync('/usr/bin/setpriv'))(
    'ends by itself when its runtime was killed with -9',
    async () => {
      const dataDir = freshDirectory()
      const held = await holdElsewhere([process.execPath, holder, dataDir])
      await query(held.connection, 'create table kept as select 42 as answer')
      held.child.kill('SIGKILL')
      await until(() => !isAlive(held.pid))
      const server = await start(dataDir)
      expect(await query(server.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
    },
  )

  test('is started again after it was killed with -9', async () => {
    const dataDir = freshDirectory()
    const server = await start(dataDir)
    await query(server.connection, 'create table kept as select 42 as answer')
    const dead = server.pid()
    process.kill(dead, 'SIGKILL')
    await until(() => server.pid() !== dead)
    expect(await query(server.connection, 'select answer from kept')).toEqual([{ answer: 42 }])
    expect(server.problem()).toBeUndefined()
  })

  test('is started although its pid file names another program that is alive', async () => {
    const dataDir = freshDirectory()
    const first = await start(dataDir)
    const { database } = { database: path.join(dataDir, 'database') }
    process.kill(first.pid(), 'SIGKILL')
    await first.stop()
    const stale = path.join(database, 'postmaster.pid')
    if (existsSync(stale)) {
      const lines = readFileSync(stale, 'utf8').split('\n')
      writeFileSync(stale, [`${process.pid}`, ...lines.slice(1)].join('\n'))
    }
    const second = await start(dataDir)
    expect(second.adopted).toBe(false)
    expect(readPostmaster(database)?.pid).toBe(second.pid())
  })

  test('says so, and ends, when its directory is deleted while it runs', async () => {
    const dataDir = freshDirectory()
    const server = await start(dataDir)
    rmSync(path.join(dataDir, 'database'), { recursive: true, force: true })
    await until(() => server.problem() !== undefined)
    expect(server.problem()).toMatchObject({ code: 'EMBEDDED_DIRECTORY_GONE' })
    expect(server.problem()?.message).toContain(path.join(dataDir, 'database'))
    await until(() => !isAlive(server.pid()))
  })

  test('refuses a cluster of another major version', async () => {
    const dataDir = freshDirectory()
    await (await start(dataDir)).stop()
    writeFileSync(path.join(dataDir, 'database', 'PG_VERSION'), '14\n')
    await expect(start(dataDir)).rejects.toMatchObject({ code: 'EMBEDDED_VERSION_MISMATCH' })
  })

  test('quotes its log when it does not start', async () => {
    const dataDir = freshDirectory()
    await expect(
      startEmbeddedPostgres({ dataDir, settings: { shared_buffers: 'nonsense' } }),
    ).rejects.toMatchObject({
      code: 'EMBEDDED_START_FAILED',
      message: expect.stringContaining('shared_buffers'),
    })
  })
})

describe.skipIf(!isRoot)('the embedded PostgreSQL of root', () => {
  test('runs as an ordinary user', async () => {
    const server = await start(freshDirectory())
    expect(statSync(`/proc/${server.pid()}`).uid).not.toBe(0)
  })

  test('works below a directory that only root may enter', async () => {
    const dataDir = freshDirectory()
    chmodSync(path.dirname(dataDir), 0o700)
    const server = await start(dataDir)
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
    const again = await start(dataDir)
    const { rows } = { rows: await query(again.connection, `select current_setting('data_directory') as at`) }
    await again.stop()
    expect(rows[0]?.at).toMatch(/^\/var\/lib\/isthmus\//)
    rmSync(String(rows[0]?.at), { recursive: true, force: true })
  })

  test('lends itself to an ordinary user, who may not touch the directory of another', async () => {
    const directory = path.dirname(freshDirectory())
    const asNobody = [
      '/usr/bin/setpriv',
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      process.execPath,
    ]
    expect(
      spawnSync('/usr/bin/setpriv', ['--version']).status,
      'setpriv is needed to act as another user',
    ).toBe(0)
    mkdirSync(path.join(directory, 'own'))
    chownSync(path.join(directory, 'own'), 65534, 65534)
    const held = await holdElsewhere([...asNobody, holder, path.join(directory, 'own', '.isthmus')])
    expect(held).toMatchObject({ adopted: false })
    expect(statSync(`/proc/${held.pid}`).uid).toBe(65534)
    held.child.stdin?.end()
    await once(held.child, 'exit')
    await until(() => !isAlive(held.pid))
    mkdirSync(path.join(directory, 'foreign'), { mode: 0o700 })
    const refused = await holdElsewhere([...asNobody, holder, path.join(directory, 'foreign', '.isthmus')])
    expect(refused).toMatchObject({ code: 'EMBEDDED_PERMISSION' })
  })

  test('says that the disk is full', async () => {
    const directory = path.dirname(freshDirectory())
    const small = path.join(directory, 'small')
    mkdirSync(small)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small])
    if (mounted.status !== 0) {
      console.warn('a small file system can not be mounted here: the full disk is not tested')
      return
    }
    try {
      await expect(start(path.join(small, '.isthmus'))).rejects.toMatchObject({ code: 'EMBEDDED_DISK_FULL' })
    } finally {
      spawnSync('umount', [small])
    }
  })
})
