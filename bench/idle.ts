/**
 * An idle process: two systems with a feed each, polled at an interval, in which nothing changes. The processor time per second is measured for Isthmus'
 * process, for its PostgreSQL, and at the same time for a bare Node process that makes the same requests (`idle-anchor.ts`).
 *
 * An idle process costs what its wake-ups cost: 0.5 to 1 ms each, for code and data that left the caches since the last one, depending on what else runs. So
 * the goal is 2 ms a second, or twice the bare process where that alone takes more than half of it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, type IsthmusProcess, startIsthmus } from '../test/support/isthmus-process.ts'
import { sendJson, startServer } from '../test/support/local-server.ts'
import { cpuMsOfFamily, postgresServersOf, runMsOf } from './cpu.ts'
import { rounded, sleep } from './statistics.ts'

export interface IdleOptions {
  readonly pollSeconds: number
  /** Duration of the measurement, after startup has settled. */
  readonly seconds: number
  readonly profileInto?: string
  readonly say: (line: string) => void
}

export interface IdleFigures {
  readonly systems: number
  readonly pollSeconds: number
  readonly seconds: number
  /** Time of the process per second. */
  readonly cpuMsPerSecond: number
  /** Time per second of a bare Node process that makes the same requests. */
  readonly bareCpuMsPerSecond: number
  readonly goal: string
  readonly met: boolean
  /** The same for its database server, all its processes together. */
  readonly databaseCpuMsPerSecond: number
  /** Number of polls that both systems answered in that time. */
  readonly polls: number
}

/** Common in front of APIs: the default of nginx. */
const keepAliveMs = 75_000
const goalMs = 2
const goalOfBare = 2
/** Startup, the first lists and their effects have ended by then. */
const restMs = 20_000

export async function benchIdle({
  pollSeconds,
  seconds,
  profileInto,
  say,
}: IdleOptions): Promise<IdleFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-idle-'))
  let polls = 0
  const server = await startServer(
    (request, response) => {
      if (/since=(?!0$)/.test(request.url ?? '')) polls += 1
      sendJson(response, 200, [])
    },
    { keepAliveMs },
  )
  writeFileSync(join(directory, 'isthmus.yaml'), JSON.stringify(idleDefinition(server.url, pollSeconds)))
  const profile = profileInto === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileInto}`]
  const isthmus = await startIsthmus({
    directory,
    port: await freePort(),
    nodeOptions: profile,
    startWithinMs: 300_000,
  })
  const bare = startBare(server.url, pollSeconds)
  try {
    const own = postgresServersOf(isthmus.child.pid)
    say(`two systems, polled every ${pollSeconds} s`)
    await sleep(restMs)
    const figures = await watch(
      { isthmus, bare, database: own },
      { pollSeconds, seconds, polls: () => polls },
    )
    say(`${figures.cpuMsPerSecond} ms of CPU a second; the database ${figures.databaseCpuMsPerSecond} ms`)
    say(`a bare Node process with the same requests: ${figures.bareCpuMsPerSecond} ms`)
    say(`goal: ${figures.goal}: ${figures.met ? 'met' : 'not met'}`)
    return figures
  } finally {
    await Promise.all([isthmus.stop(), endBare(bare)])
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface Watched {
  readonly isthmus: IsthmusProcess
  readonly bare: ChildProcess
  readonly database: ReadonlySet<number>
}

async function watch(
  { isthmus, bare, database }: Watched,
  {
    pollSeconds,
    seconds,
    polls,
  }: Pick<IdleOptions, 'pollSeconds' | 'seconds'> & { readonly polls: () => number },
): Promise<IdleFigures> {
  const now = () => ({
    own: runMsOf(isthmus.child.pid),
    bare: runMsOf(bare.pid),
    database: cpuMsOfFamily(database),
    polls: polls(),
  })
  const before = now()
  await sleep(seconds * 1_000)
  const after = now()
  const cpuMsPerSecond = rounded((after.own - before.own) / seconds)
  const bareCpuMsPerSecond = rounded((after.bare - before.bare) / seconds)
  return {
    systems: 2,
    pollSeconds,
    seconds,
    cpuMsPerSecond,
    bareCpuMsPerSecond,
    goal: `at most ${goalMs} ms, or ${goalOfBare} times the bare process`,
    met: cpuMsPerSecond <= Math.max(goalMs, goalOfBare * bareCpuMsPerSecond),
    databaseCpuMsPerSecond: rounded((after.database - before.database) / seconds),
    polls: after.polls - before.polls,
  }
}

const anchor = fileURLToPath(new URL('idle-anchor.ts', import.meta.url))

function startBare(url: string, pollSeconds: number): ChildProcess {
  return spawn(process.execPath, [anchor, url, String(pollSeconds)], { stdio: 'ignore' })
}

async function endBare(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

export function idleDefinition(url: string, pollSeconds = 5): object {
  const system = (path: string): object => ({
    connector: 'rest',
    url,
    allowHttp: true,
    manifest: {
      resources: {
        people: {
          path: `/${path}`,
          version: { path: 'v' },
          list: { paging: 'keyset', after: 'after' },
          changes: { by: 'timestamp', position: 'at', since: 'since', afterId: 'afterId', commitLag: '0s' },
          search: {},
          create: { as: 'idempotencyKey', ttl: '24h' },
          write: { with: 'patch' },
        },
      },
    },
  })
  const part = {
    resource: 'people',
    acceptRaceWindow: true,
    map: { email: 'email', name: 'name' },
    triggers: [{ poll: `${pollSeconds}s` }, { full: '0 3 * * 0' }],
  }
  return {
    integration: 'idle',
    systems: { crm: system('contacts'), erp: system('partners') },
    entities: {
      person: {
        fields: { email: 'string', name: 'string' },
        match: [{ exact: ['email'] }],
        conflict: 'prefer crm erp',
        systems: { crm: part, erp: part },
      },
    },
  }
}
