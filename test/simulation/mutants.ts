/**
 * Engines broken deliberately: a test harness that doesn't detect them proves nothing about the real one.
 *
 * There are two kinds. *Port* mutants are enabled in the simulated world around the engine (its store or connectors lose a protection). *Source*
 * mutants change the engine's own text while it is loaded: an existing line is replaced by a wrong one. A source mutant whose line no longer exists
 * is *stale* and must be rewritten.
 *
 * A seed counts as a kill only when the unchanged engine passes the same seed with the same kinds. An engine that throws instead of breaking an
 * invariant has *crashed*, which is not a kill either: it says nothing about the judge.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { portMutants } from './port-mutants.ts'
import { sourceMutants } from './source-mutants.ts'

export interface Mutant {
  readonly name: string
  readonly breaks: string
  /** Kinds of circumstances for every seed; without them each seed draws its own mix. */
  readonly kinds?: string
}

export interface Verdict extends Mutant {
  readonly verdict: 'killed' | 'survived' | 'crashed' | 'stale'
  /** The seed that detected it, and the violation. */
  readonly seed?: number
  readonly violation?: string
  /** Seeds that the unchanged engine fails as well. */
  readonly notCounted: readonly number[]
}

export interface MutantRun {
  readonly seeds: number
  /** Names; empty = all. */
  readonly only: readonly string[]
  /** Number of mutants tried concurrently. */
  readonly jobs: number
  readonly tell: (verdict: Verdict) => void
}

/** Every registered mutant, in the order in which they are tried and reported. */
export const mutants: readonly Mutant[] = [...portMutants, ...sourceMutants]

/** Runs each mutant until a seed detects it. @throws RangeError for an unknown name */
export async function runMutants({ seeds, only, jobs, tell }: MutantRun): Promise<readonly Verdict[]> {
  const strangers = only.filter((name) => !mutants.some((mutant) => mutant.name === name))
  if (strangers.length > 0) throw new RangeError(`no mutant is called ${strangers.join(' or ')}`)
  const wanted = mutants.filter(({ name }) => only.length === 0 || only.includes(name))
  const verdicts = new Map<string, Verdict>()
  const base = new Base()
  if (only.length === 0) await base.learn(seeds, jobs)
  const left = [...wanted]
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const verdict = await tryMutant(next, seeds, base)
      verdicts.set(next.name, verdict)
      tell(verdict)
    }
  }
  await Promise.all(Array.from({ length: jobs }, lane))
  return wanted.flatMap(({ name }) => verdicts.get(name) ?? [])
}

async function tryMutant(mutant: Mutant, seeds: number, base: Base): Promise<Verdict> {
  const notCounted: number[] = []
  const kinds = mutant.kinds ?? ''
  let from = 1
  while (from <= seeds) {
    const end = await runSeeds(mutant, { from, count: seeds - from + 1, kinds })
    if (end.kind !== 'violation') return { ...mutant, verdict: end.kind, notCounted, ...wordsOf(end) }
    const { seed, violation } = end
    if (await base.passes(seed, kinds)) return { ...mutant, verdict: 'killed', seed, violation, notCounted }
    notCounted.push(seed)
    from = seed + 1
  }
  return { ...mutant, verdict: 'survived', notCounted }
}

function wordsOf(end: RunEnd): Pick<Verdict, 'violation'> {
  return end.kind === 'crashed' ? { violation: end.message } : {}
}

/** The results of the unchanged engine by seed; each seed is run once. */
class Base {
  readonly #passes = new Map<string, Promise<boolean>>()

  passes(seed: number, kinds: string): Promise<boolean> {
    const key = `${kinds} ${seed}`
    const known = this.#passes.get(key)
    if (known !== undefined) return known
    const response = runSeeds(unchanged, { from: seed, count: 1, kinds }).then(
      ({ kind }) => kind === 'survived',
    )
    this.#passes.set(key, response)
    return response
  }

  /** Runs all seeds of the drawn mix first, and returns which of them are not counted. */
  async learn(seeds: number, jobs: number): Promise<void> {
    const failing: number[] = []
    const lane = async (first: number): Promise<void> => {
      for (let from = first; from <= seeds; from += jobs) {
        const end = await runSeeds(unchanged, {
          from,
          count: Math.ceil((seeds - from + 1) / jobs),
          kinds: '',
          step: jobs,
        })
        const bad = end.kind === 'violation' ? end.seed : undefined
        for (let seed = from; seed <= (bad ?? seeds); seed += jobs)
          this.#passes.set(` ${seed}`, Promise.resolve(end.kind !== 'crashed' && seed !== bad))
        if (bad === undefined) return
        failing.push(bad)
        from = bad
      }
    }
    await Promise.all(Array.from({ length: jobs }, (_, index) => lane(index + 1)))
    const sorted = failing.sort((one, other) => one - other)
    console.log(
      sorted.length === 0
        ? `The unchanged engine passes ${seeds} seeds.`
        : `The unchanged engine fails seeds ${sorted.join(', ')}; they are not counted.`,
    )
  }
}

const unchanged: Mutant = { name: '', breaks: 'nothing' }

const mainPath = fileURLToPath(new URL('main.ts', import.meta.url))
const loaderUrl = new URL('mutant-loader.ts', import.meta.url).href

type RunEnd =
  | { readonly kind: 'violation'; readonly seed: number; readonly violation: string }
  | { readonly kind: 'survived' | 'stale' }
  | { readonly kind: 'crashed'; readonly message: string }

interface Seeds {
  readonly from: number
  readonly count: number
  readonly kinds: string
  readonly step?: number
}

/** Runs seeds in a separate process, up to the first violation. */
async function runSeeds({ name }: Mutant, { from, count, kinds, step = 1 }: Seeds): Promise<RunEnd> {
  const isSource = sourceMutants.some((mutant) => mutant.name === name)
  const child = spawn(
    process.execPath,
    [
      ...(isSource ? ['--import', loaderUrl] : []),
      ...[mainPath, '--jobs', '1', '--once', '--keepGoing', '--untilBad'],
      ...['--from', String(from), '--seeds', String(count), '--step', String(step), '--kinds', kinds],
      ...(isSource ? [] : ['--broken', name]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...(isSource && { ISTHMUS_MUTANT: name }) } },
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
  if (errors.includes('MUTANT_STALE')) return { kind: 'stale' }
  const [, seed, violation = ''] = /^seed (\d+) at \d+ ms: (.*)$/m.exec(output) ?? []
  if (seed !== undefined) return { kind: 'violation', seed: Number(seed), violation }
  if (code === 0) return { kind: 'survived' }
  const lines = errors.trim().split('\n')
  return { kind: 'crashed', message: lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? '' }
}
