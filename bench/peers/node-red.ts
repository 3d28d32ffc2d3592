/**
 * Node-RED as an optional peer. It is not a dependency of this package: install it in a separate folder and name that folder, `npm install --prefix
 * FOLDER node-red && NODE_RED_HOME=FOLDER npm run bench -- sync-quality`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '../statistics.ts'
import type { FlowNode } from './node-red-flows.ts'

export interface NodeRedOptions {
  /** Folder for settings, flows and context; kept across restarts. */
  readonly directory: string
  readonly port: number
  readonly flows: readonly FlowNode[]
}

/** The start script of an installed Node-RED; undefined when `NODE_RED_HOME` names none. */
export function installedNodeRed(): string | undefined {
  const home = process.env.NODE_RED_HOME
  if (home === undefined) return undefined
  const script = join(home, 'node_modules', 'node-red', 'red.js')
  return existsSync(script) ? script : undefined
}

const startWithinMs = 60_000

/** Starts Node-RED without its editor, and returns once its HTTP server responds. */
export async function startNodeRed({ directory, port, flows }: NodeRedOptions): Promise<ChildProcess> {
  const script = installedNodeRed()
  if (script === undefined) throw new Error('NODE_RED_HOME does not name a folder with node-red')
  const settings = {
    uiHost: '127.0.0.1',
    uiPort: port,
    httpAdminRoot: false,
    flowFile: 'flows.json',
    contextStorage: { default: { module: 'localfilesystem', config: { flushInterval: 1 } } },
    logging: { console: { level: 'error', metrics: false, audit: false } },
  }
  const settingsFile = join(directory, 'settings.cjs')
  writeFileSync(settingsFile, `module.exports = ${JSON.stringify(settings)}\n`)
  writeFileSync(join(directory, 'flows.json'), JSON.stringify(flows))
  const args = [script, '--userDir', directory, '--settings', settingsFile]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  await once(child, 'spawn')
  for (const until = performance.now() + startWithinMs; ; await sleep(200)) {
    if (child.exitCode !== null) throw new Error(`node-red ended with exit code ${child.exitCode}`)
    const responded = await fetch(`http://127.0.0.1:${port}/`).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    )
    if (responded !== undefined) return child
    if (performance.now() > until) throw new Error(`node-red did not start within ${startWithinMs} ms`)
  }
}
