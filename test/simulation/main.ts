/**
 * Runs the real engine on virtual time.
 *
 * `npm run simulate -- --seeds 500 [--from 1]` runs each seed twice and compares the traces; its last line is one JSON object. `--seed N [--trace]`
 * replays one. `--mutants [--seeds 60]` breaks the engine deliberately, one way at a time, and reports which mutants are detected; `--markdown FILE`
 * writes the result as a page.
 */
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { kindsFrom } from './kinds.ts'
import { lineOf, mutantPage } from './mutant-page.ts'
import { runMutants, type Verdict } from './mutants.ts'
import { runInParallel } from './parallel.ts'
import { runSeed, type SeedResult } from './run.ts'
import { addTally, emptyTally } from './tally.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    /** Every n-th seed only. */
    step: { type: 'string', default: '1' },
    /** Number of processes that share the seeds. Default: one for each core, at most two. */
    jobs: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    once: { type: 'boolean', default: false },
    broken: { type: 'string', default: '' },
    /** `none`, `all`, or names of kinds; see kinds.ts. Default: the kinds that each seed draws. */
    kinds: { type: 'string', default: '' },
    /** With `--mutants`: only these. */
    only: { type: 'string', default: '' },
    /** With `--mutants`: the file that the page with their table is written to. */
    markdown: { type: 'string' },
    mutants: { type: 'boolean', default: false },
    /** Does not print the trace of the first failing seed. */
    keepGoing: { type: 'boolean', default: false },
    /** Ends at the first failing seed. */
    untilBad: { type: 'boolean', default: false },
  },
})
const kinds = kindsFrom(values.kinds)
const jobs = values.jobs === undefined ? jobsFor(Number(values.seeds)) : Number(values.jobs)
const broken = new Set(values.broken.split(',').filter((name) => name !== ''))

if (values.mutants) await breakEngine(Number(values.seeds))
else if (values.seed !== undefined) await replay(Number(values.seed))
else if (jobs > 1) await runParts(jobs)
else await runMany(Number(values.from), Number(values.seeds))

async function breakEngine(seeds: number): Promise<void> {
  const only = values.only.split(',').filter((name) => name !== '')
  const tell = (verdict: Verdict): void => console.log(lineOf(verdict))
  const verdicts = await runMutants({ seeds, only, jobs, tell })
  const left = verdicts.filter(({ verdict }) => verdict !== 'killed').map(({ name }) => name)
  const killed = verdicts.length - left.length
  if (values.markdown !== undefined) {
    const day = new Date().toISOString().slice(0, 10)
    await writeFile(values.markdown, mutantPage(verdicts, { seeds }, day))
  }
  const total = { mutants: verdicts.length, killed, left }
  console.log(values.json ? JSON.stringify(total) : `killed ${killed}/${verdicts.length}`)
  process.exitCode = left.length === 0 ? 0 : 1
}

/** Small runs have ended before a second process has started. */
function jobsFor(seeds: number): number {
  return seeds < 20 || values.untilBad ? 1 : Math.min(2, availableParallelism())
}

async function runParts(count: number): Promise<void> {
  const flags = [...(values.once ? ['--once'] : []), ...(values.keepGoing ? ['--keepGoing'] : [])]
  const named = ['--broken', values.broken, '--kinds', values.kinds]
  const range = { from: Number(values.from), seeds: Number(values.seeds) }
  const total = await runInParallel(count, range, [...flags, ...named])
  console.log(JSON.stringify(total))
  process.exitCode = total.violations === 0 ? 0 : 1
}

async function replay(seed: number): Promise<void> {
  const result = await runSeed(seed, { keepTrace: true, broken, kinds })
  if (values.trace) for (const line of result.trace) console.log(line)
  printViolations(result)
  console.log(JSON.stringify(summary(result)))
  process.exitCode = result.violations.length === 0 ? 0 : 1
}

async function runMany(from: number, count: number): Promise<void> {
  const startedAt = performance.now()
  const total = emptyTally()
  const excuses = new Map<string, number>()
  const bad: number[] = []
  let events = 0
  const step = Number(values.step)
  for (let seed = from; seed < from + count * step; seed += step) {
    const result = await runSeed(seed, { broken, kinds, stopAtFirst: values.untilBad })
    const again = values.once ? result : await runSeed(seed, { broken, kinds, stopAtFirst: values.untilBad })
    events += result.events
    addTally(total, result.tally)
    for (const [why, times] of result.excuses) excuses.set(why, (excuses.get(why) ?? 0) + times)
    const nondeterministic = again.hash !== result.hash
    if (nondeterministic) console.log(`seed ${seed}: two runs differ (${result.hash}, ${again.hash})`)
    if (result.violations.length === 0 && !nondeterministic) continue
    bad.push(seed)
    printViolations(result)
    if (values.untilBad) break
    if (values.keepGoing || bad.length > 1) continue
    const traced = await runSeed(seed, { broken, kinds, keepTrace: true })
    console.log(traceToFirst(traced).join('\n'))
  }
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  console.log(
    JSON.stringify({
      seeds: count,
      violations: bad.length,
      ...(bad.length > 0 && { failingSeeds: bad.slice(0, 50) }),
      from,
      runsPerSeed: values.once ? 1 : 2,
      seconds,
      events,
      ...total,
      excuses: Object.fromEntries(excuses),
    }),
  )
  process.exitCode = bad.length === 0 ? 0 : 1
}

function summary(result: SeedResult): object {
  const { seed, hash, events, tally, violations, excuses } = result
  return { seed, hash, events, violations: violations.length, ...tally, excuses: Object.fromEntries(excuses) }
}

function printViolations({ seed, violations }: SeedResult): void {
  for (const { invariant, message, at } of violations.slice(0, 10))
    console.log(`seed ${seed} at ${at} ms: ${invariant}: ${message}`)
  if (violations.length > 10) console.log(`seed ${seed}: … and ${violations.length - 10} more`)
}

/** The last lines before the first violation, the starting point for debugging. */
function traceToFirst({ trace }: SeedResult): readonly string[] {
  const first = trace.findIndex((line) => line.includes('VIOLATION'))
  return trace.slice(Math.max(0, first - 60), first + 1)
}
