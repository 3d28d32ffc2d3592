/**
 * An idle process: two systems with a feed each, polled at an interval, in which nothing changes. The processor time per second is measured for
 * Isthmus' process and for its PostgreSQL. What it costs is the number of times a process wakes up, so the interval decides.
 *
 * Measured on two busy cores (2026-11-30), before and after the intervals of an idle process were lengthened: at one poll of each system in 5 s, 8.7 and
 * 7.2 ms a second for 5.0 and 3.2 wake-ups a second of Isthmus; at one poll a minute, 5.3 and 3.8 ms for 2.8 and 1.6. The database takes 1.4 to 2.3 ms
 * by its scheduler statistics. On the same machine a Node process that only runs an empty timer once a second takes 1.0 to 1.4 ms a second, and the
 * profile shows few functions above 0.5 ms (garbage collection and `writev` among them): each wake-up costs one to two, for code and data that left the caches since the last one. A poll needs
 * five (its timer, its cursor, the response, the note that evidence rests on, the note for the status), so that 2 ms in sum is out of reach at 5 s.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, type IsthmusProcess, startIsthmus } from '../test/support/isthmus-process.ts'
import { sendJson, startServer } from '../test/support/local-server.ts'
import { cpuMsOf, cpuMsOfFamily, postgresServersOf } from './cpu.ts'
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
  /** User and system time of the process per second. */
  readonly cpuMsPerSecond: number
  /** The same for its database server, all its processes together. */
  readonly databaseCpuMsPerSecond: number
  /** Number of polls that both systems answered in that time. */
  readonly polls: number
}

/** Common in front of APIs: the default of nginx. */
const keepAliveMs = 75_000
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
      if (request.url?.includes('since=') === true) polls += 1
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
  try {
    const own = postgresServersOf(isthmus.child.pid)
    say(`two systems, polled every ${pollSeconds} s`)
    await sleep(restMs)
    const figures = await watch(isthmus, own, { pollSeconds, seconds, polls: () => polls })
    say(`${figures.cpuMsPerSecond} ms of CPU a second; the database ${figures.databaseCpuMsPerSecond} ms`)
    return figures
  } finally {
    await isthmus.stop()
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function watch(
  isthmus: IsthmusProcess,
  database: ReadonlySet<number>,
  {
    pollSeconds,
    seconds,
    polls,
  }: Pick<IdleOptions, 'pollSeconds' | 'seconds'> & { readonly polls: () => number },
): Promise<IdleFigures> {
  const before = { own: cpuMsOf(isthmus.child.pid), database: cpuMsOfFamily(database), polls: polls() }
  await sleep(seconds * 1_000)
  return {
    systems: 2,
    pollSeconds,
    seconds,
    cpuMsPerSecond: rounded((cpuMsOf(isthmus.child.pid) - before.own) / seconds),
    databaseCpuMsPerSecond: rounded((cpuMsOfFamily(database) - before.database) / seconds),
    polls: polls() - before.polls,
  }
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
