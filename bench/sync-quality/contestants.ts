/** The contestants: Isthmus, two one-way flows, a script, and Node-RED where it is installed. Each runs in a separate process that can be killed and restarted. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RemoteFake } from '../../test/support/fake-system/spawn.ts'
import { freePort, type IsthmusProcess, startIsthmus } from '../../test/support/isthmus-process.ts'
import { hookSecret, twoSystems, writeDefinition } from '../../test/support/two-systems.ts'
import { cpuMsOf, cpuMsOfFamily, postgresServersOf } from '../cpu.ts'
import { installedNodeRed, startNodeRed } from '../peers/node-red.ts'
import { twoOneWayFlows } from '../peers/node-red-flows.ts'

export interface Contestant {
  readonly name: string
  start(): Promise<void>
  kill(): Promise<void>
  /** Processor time so far, in ms, over all its processes and its database. */
  cpuMs(): number
  /** Losing values that it kept, as text; empty if it keeps none. */
  kept(): Promise<string>
  /** Pairs of records that it reports as the same record entered twice; 0 for contestants without such reports. */
  reportedDuplicates(): Promise<number>
  /** URL for webhooks; undefined for contestants that only poll. */
  readonly hookUrl?: string
  close(): Promise<void>
}

export interface Systems {
  readonly crm: RemoteFake
  readonly erp: RemoteFake
}

export const contestantNames = ['isthmus', 'two-flows', 'script', 'node-red'] as const

/** Returns all contestants that can run here: Node-RED takes part where it is installed. */
export function availableContestants(): readonly string[] {
  return contestantNames.filter((name) => name !== 'node-red' || installedNodeRed() !== undefined)
}

export async function openContestant(name: string, systems: Systems): Promise<Contestant> {
  if (name === 'isthmus') return await openIsthmus(systems)
  if (name === 'two-flows' || name === 'script') return openScript(name, systems)
  if (name === 'node-red') return await openNodeRed(systems)
  throw new RangeError(`there is no ${name}: one of ${contestantNames.join(', ')}`)
}

const cli = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const omit = ['id', 'version', 'updatedAt', 'modifiedBy']

async function openIsthmus({ crm, erp }: Systems): Promise<Contestant> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-quality-'))
  const port = await freePort()
  const write = { nested: 'merge', returns: 'body+version', omit }
  writeDefinition(
    directory,
    twoSystems({
      crmUrl: crm.url,
      erpUrl: erp.url,
      crmResource: { write: { with: 'patch', ...write } },
      erpResource: { write: { with: 'put', returns: 'body+version', omit } },
    }),
  )
  let running: IsthmusProcess | undefined
  let servers: ReadonlySet<number> = new Set()
  let spent = 0
  const cpuNow = (): number => cpuMsOf(running?.child.pid) + cpuMsOfFamily(servers)
  const environment = { CRM_HOOK_SECRET: hookSecret }
  const list = async (words: readonly string[]): Promise<string> => {
    const options = { cwd: directory, env: { ...process.env, ...environment }, timeout: 60_000 }
    // Open decisions have their own exit code, which is not a failure.
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...words, '--json'], options).catch(
      (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
    )
    return stdout
  }
  return {
    name: 'isthmus',
    hookUrl: `http://127.0.0.1:${port}/hooks/crm`,
    start: async () => {
      running = await startIsthmus({ directory, port, environment, startWithinMs: 180_000 })
      servers = postgresServersOf(running.child.pid)
    },
    kill: async () => {
      spent += cpuNow()
      await running?.kill()
      running = undefined
    },
    cpuMs: () => spent + cpuNow(),
    kept: () => list(['conflicts', 'list', '--all']),
    reportedDuplicates: async () => {
      const { duplicates } = JSON.parse(await list(['matches', 'list'])) as { duplicates: readonly unknown[] }
      return duplicates.length
    },
    close: async () => {
      await running?.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function openScript(name: string, { crm, erp }: Systems): Contestant {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-quality-'))
  const program = fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url))
  const args = [program, `${crm.url}/contacts`, `${erp.url}/partners`, join(directory, 'state.json')]
  return peer(name, directory, async () => {
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'] })
    await once(child, 'spawn')
    return child
  })
}

async function openNodeRed({ crm, erp }: Systems): Promise<Contestant> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-quality-'))
  const port = await freePort()
  const flows = twoOneWayFlows(`${crm.url}/contacts`, `${erp.url}/partners`)
  return peer('node-red', directory, () => startNodeRed({ directory, port, flows }))
}

/** A peer is one process that reports nothing: values that it kept or detected are unknown. */
function peer(name: string, directory: string, run: () => Promise<ChildProcess>): Contestant {
  let running: ChildProcess | undefined
  let spent = 0
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === undefined) return
    spent += cpuMsOf(running.pid)
    const child = running
    running = undefined
    // A process that has failed emits no further events.
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    name,
    start: async () => {
      running = await run()
    },
    kill: () => end('SIGKILL'),
    cpuMs: () => spent + cpuMsOf(running?.pid),
    kept: async () => '',
    reportedDuplicates: async () => 0,
    close: async () => {
      await end('SIGTERM')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
