/**
 * Runs an example: starts its systems, runs `isthmus start` on its definition in a separate process, simulates actions of users and faults of the network,
 * and at the end compares the data of the systems. Isthmus' own records are not used for the comparison.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort, type IsthmusProcess, startIsthmus } from '../../test/support/isthmus-process.ts'
import { runCommand } from './command.ts'

/** The systems of an example. */
export interface ExampleSystems {
  /** Values of `${env:…}` in the definition. */
  readonly environment: Readonly<Record<string, string>>
  /** Every record of every system, by any key, with what changes whenever it is written: its version, or all of it. */
  versions(): Versions | Promise<Versions>
  close(): Promise<void>
}

export type Versions = ReadonlyMap<string, string>

/** Result of a comparison of the systems. */
export interface Audit {
  /** Things that all systems have to agree about. */
  readonly records: number
  /** Further records that stand for a thing that another one stands for already. */
  readonly duplicates: number
  /** Things that are missing where they have to be, and fields that differ, in words. */
  readonly problems: readonly string[]
}

/** One step: its actions, and the condition for the next one. */
export interface Step<C extends ExampleSystems> {
  readonly title: string
  readonly run: (context: StepContext<C>) => Promise<void>
}

/** An example. */
export interface Example<C extends ExampleSystems> {
  readonly name: string
  /** Folder of its `isthmus.yaml`. */
  readonly folder: string
  /** Starts the systems; Isthmus will listen at `hooks` for webhooks. */
  readonly systems: (hooks: string, records: number) => Promise<C>
  readonly steps: readonly Step<C>[]
  readonly audit: (systems: C) => Audit | Promise<Audit>
  /** Generated records, unless the command line says otherwise. */
  readonly records: number
}

/** The context of a step. */
export interface StepContext<C extends ExampleSystems> {
  readonly systems: C
  readonly records: number
  say(text: string): void
  /** Waits until something is so. @throws RangeError after a minute and a half, with the words given */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>
  /** Waits until the systems agree and Isthmus has nothing left to do. */
  settled(): Promise<void>
  /** `kill -9`, whatever happens while it is down, and a new process on the same database. */
  killAndRestart(meanwhile?: () => void | Promise<void>): Promise<void>
  /** Runs a command of the CLI on the definition and gives what it printed. */
  isthmus(...parameters: readonly string[]): Promise<string>
}

export interface RunOptions {
  readonly records?: number
  readonly say?: (text: string) => void
  /** Called once the story is over, while everything still runs. @default at once the end */
  readonly stay?: (url: string) => Promise<void>
}

export interface RunResult {
  readonly example: string
  readonly converged: boolean
  readonly records: number
  readonly duplicates: number
  readonly problems: readonly string[]
  readonly writesAtQuiescence: number
  readonly seconds: number
}

const waitMs = 90_000
const quietMs = 3_000

/** Runs the example to its end and stops everything. */
export async function run<C extends ExampleSystems>(
  piece: Example<C>,
  options: RunOptions = {},
): Promise<RunResult> {
  const { records = piece.records, say = () => undefined } = options
  const startedAt = performance.now()
  const directory = mkdtempSync(join(tmpdir(), `isthmus-${piece.name}-`))
  copyDefinition(piece.folder, directory)
  const port = await freePort()
  const systems = await piece.systems(`http://127.0.0.1:${port}/hooks`, records)
  const stage = new Stage(piece, systems, { directory, port, records, say })
  try {
    await stage.start()
    for (const step of piece.steps) {
      say(`\n— ${step.title}`)
      await step.run(stage.context)
    }
    await stage.context.settled()
    const writesAtQuiescence = await stage.writesWhileQuiet()
    const { records: compared, duplicates, problems } = await piece.audit(systems)
    await options.stay?.(`http://127.0.0.1:${port}`)
    return {
      example: piece.name,
      converged: problems.length === 0 && duplicates === 0 && writesAtQuiescence === 0,
      records: compared,
      duplicates,
      problems: problems.slice(0, 20),
      writesAtQuiescence,
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    }
  } finally {
    await stage.stop()
    await systems.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The definition and what it names lie in a folder of their own, so that no database is left in the example's. */
function copyDefinition(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    if (/\.(ya?ml|json|graphql|sql)$/.test(name)) cpSync(join(from, name), join(to, name))
  }
}

interface Place {
  readonly directory: string
  readonly port: number
  readonly records: number
  readonly say: (text: string) => void
}

class Stage<C extends ExampleSystems> {
  readonly context: StepContext<C>
  readonly #piece: Example<C>
  readonly #cast: C
  readonly #place: Place
  #isthmus: IsthmusProcess | undefined

  constructor(piece: Example<C>, systems: C, place: Place) {
    this.#piece = piece
    this.#cast = systems
    this.#place = place
    this.context = {
      systems,
      records: place.records,
      say: place.say,
      until,
      settled: () => this.#settled(),
      killAndRestart: async (meanwhile) => {
        await this.#isthmus?.kill()
        await meanwhile?.()
        await this.start()
      },
      isthmus: (...parameters) =>
        runCommand(parameters, { directory: place.directory, environment: systems.environment }),
    }
  }

  async start(): Promise<void> {
    const { directory, port } = this.#place
    this.#isthmus = await startIsthmus({ directory, port, environment: this.#cast.environment })
  }

  async stop(): Promise<void> {
    await this.#isthmus?.stop()
  }

  /** Records that Isthmus still writes although nothing happens. */
  async writesWhileQuiet(): Promise<number> {
    const before = await this.#cast.versions()
    await sleep(quietMs)
    const after = await this.#cast.versions()
    const keys = new Set([...before.keys(), ...after.keys()])
    return [...keys].filter((key) => before.get(key) !== after.get(key)).length
  }

  async #settled(): Promise<void> {
    let problems: readonly string[] = []
    try {
      await until('everything agrees', async () => {
        const audit = await this.#piece.audit(this.#cast)
        problems = audit.problems
        return problems.length === 0 && audit.duplicates === 0 && (await this.#idle())
      })
    } catch (error) {
      const found = [...problems.slice(0, 5), this.#isthmus?.output().slice(-4_000) ?? '']
      for (const command of [['status'], ['failures', 'list', '--json'], ['held', 'list']])
        found.push(await this.context.isthmus(...command).catch(String))
      throw new RangeError(found.join('\n'), { cause: error })
    }
  }

  async #idle(): Promise<boolean> {
    const response = await fetch(`${this.#isthmus?.url}/api/v1/status`)
    if (!response.ok) return false
    const { counts } = (await response.json()) as StatusResponse
    // A write in doubt waits; what comes of it may still be a second one.
    return counts.queue.due + counts.queue.running + counts.open.intents === 0
  }
}

interface StatusResponse {
  readonly counts: {
    readonly queue: { readonly due: number; readonly running: number }
    readonly open: { readonly intents: number }
  }
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now()
  while (!(await isSo())) {
    if (performance.now() - startedAt > waitMs) throw new RangeError(`${what}: not within ${waitMs / 1000} s`)
    await sleep(100)
  }
}

/** The `main` of an example: `[--once] [--json] [--records N]`. Without `--once` it stays up until Ctrl-C. */
export async function main<C extends ExampleSystems>(piece: Example<C>): Promise<void> {
  const { values } = parseArgs({
    options: { once: { type: 'boolean' }, json: { type: 'boolean' }, records: { type: 'string' } },
  })
  const say = values.json === true ? () => undefined : (text: string) => console.log(text)
  const result = await run(piece, {
    say,
    ...(values.records === undefined ? {} : { records: Number(values.records) }),
    ...(values.once === true || values.json === true ? {} : { stay: (url) => stayUp(url, say) }),
  })
  if (values.json === true) console.log(JSON.stringify(result))
  else {
    say(
      `\n${result.converged ? 'All systems agree' : 'NOT CONVERGED'}: ${result.records} compared, ${result.duplicates} duplicates, ${result.writesAtQuiescence} writes while nothing happened, ${result.seconds} s`,
    )
    for (const problem of result.problems) say(`  ${problem}`)
  }
  if (!result.converged) process.exitCode = 1
}

async function stayUp(url: string, say: (text: string) => void): Promise<void> {
  say(`\nIt stays up until you press Ctrl-C. The status page: ${url}`)
  await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()))
}
