/**
 * Engines broken on purpose: a harness that doesn't notice them proves nothing about the whole one.
 *
 * Two kinds. *Port* mutants are switched on in the simulated world around the engine (its store or connectors lose a protection). *Source*
 * mutants change the engine's own text while it is loaded: a line that must be there is replaced by a wrong one. A source mutant whose line
 * is gone is *stale* and must be written anew.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sourceMutants } from './source-mutants.ts'

export interface PortMutant {
  readonly name: string
  readonly breaks: string
}

export const portMutants: readonly PortMutant[] = [
  { name: 'nocas', breaks: 'preconditions never reach the systems' },
  { name: 'nofence', breaks: 'the store takes commits under leases that are over' },
  { name: 'nodeadline', breaks: 'requests leave after their deadline, and the engine never sees it pass' },
  { name: 'nointent', breaks: 'intents are not kept' },
  { name: 'nosent', breaks: 'the memory of own writes is lost between passes' },
  { name: 'notime', breaks: 'when a state was seen last is forgotten, so that stale reads are believed' },
  { name: 'nobarrier', breaks: 'no open create is reported to candidates' },
  { name: 'nomark', breaks: 'finishing clears marks that came meanwhile' },
  { name: 'nonested', breaks: 'mappings do not know that a system merges nested objects' },
]

interface Verdict {
  readonly name: string
  readonly breaks: string
  readonly verdict: 'killed' | 'survived' | 'stale'
  readonly seed?: number
  readonly violation?: string
}

export interface MutantRun {
  readonly seeds: number
  readonly json: boolean
  /** Names; empty = all. */
  readonly only: readonly string[]
  /** Mutants tried at the same time. */
  readonly jobs: number
}

/** Runs each mutant until a seed notices it. Answers the exit code. */
export async function runMutants({ seeds, json, only, jobs }: MutantRun): Promise<number> {
  const isWanted = ({ name }: { readonly name: string }): boolean => only.length === 0 || only.includes(name)
  if (only.length === 0) {
    const whole = await tryMutant({ name: '', breaks: 'nothing' }, seeds, false)
    if (whole.verdict !== 'survived') {
      console.log(`The whole engine fails already (seed ${whole.seed}: ${whole.violation}); mend it first.`)
      return 1
    }
  }
  const tries = [
    ...portMutants.filter(isWanted).map((mutant) => () => tryMutant(mutant, seeds, false)),
    ...sourceMutants.filter(isWanted).map((mutant) => () => tryMutant(mutant, seeds, true)),
  ]
  const total = tries.length
  const verdicts: Verdict[] = []
  const lane = async (): Promise<void> => {
    for (let next = tries.shift(); next !== undefined; next = tries.shift()) verdicts.push(tell(await next()))
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  const left = verdicts.filter((one) => one.verdict !== 'killed').map((one) => one.name)
  const killed = total - left.length
  console.log(json ? JSON.stringify({ mutants: total, killed, left }) : `killed ${killed}/${total}`)
  return left.length === 0 ? 0 : 1
}

function tell(one: Verdict): Verdict {
  const how = one.verdict === 'killed' ? `\n          seed ${one.seed}: ${one.violation}` : ''
  console.log(`${one.verdict.padEnd(9)} ${one.name.padEnd(14)} ${one.breaks}${how}`)
  return one
}

const mainPath = fileURLToPath(new URL('main.ts', import.meta.url))
const loaderUrl = new URL('mutant-loader.ts', import.meta.url).href

async function tryMutant(
  mutant: { readonly name: string; readonly breaks: string },
  seeds: number,
  source: boolean,
): Promise<Verdict> {
  const child = spawn(
    process.execPath,
    [
      ...(source ? ['--import', loaderUrl] : []),
      mainPath,
      ...['--jobs', '1', '--seeds', String(seeds), '--once', '--keepGoing', '--untilBad'],
      ...(source ? [] : ['--broken', mutant.name]),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(source && { ISTHMUS_MUTANT: mutant.name }) },
    },
  )
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const { name, breaks } = mutant
  if (errors.includes('MUTANT_STALE')) return { name, breaks, verdict: 'stale' }
  const line = /^seed (\d+) at \d+ ms: (.*)$/m.exec(output)
  if (line !== null)
    return { name, breaks, verdict: 'killed', seed: Number(line[1]), violation: line[2] ?? '' }
  // An engine that can't even run is noticed as well, but it shows nothing about the judge.
  if (code !== 0) return { name, breaks, verdict: 'killed', violation: errors.trim().split('\n').at(0) ?? '' }
  return { name, breaks, verdict: 'survived' }
}
