/** Distributes the seeds of one run among several processes, and adds up their results. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The last line of a run over many seeds. */
export type RunSummary = Readonly<Record<string, unknown>>

const mainPath = fileURLToPath(new URL('main.ts', import.meta.url))

/** Each process takes every n-th seed. Lines about single seeds are forwarded immediately. */
export async function runInParallel(
  jobs: number,
  range: { readonly from: number; readonly seeds: number },
  flags: readonly string[],
): Promise<RunSummary> {
  const parts = Array.from({ length: jobs }, (_, index) => {
    const seeds = Math.ceil((range.seeds - index) / jobs)
    const own = ['--from', String(range.from + index), '--seeds', String(seeds), '--step', String(jobs)]
    return runPart([...flags, ...own])
  })
  return (await Promise.all(parts)).reduce(added, {})
}

async function runPart(flags: readonly string[]): Promise<RunSummary> {
  const child = spawn(process.execPath, [mainPath, '--jobs', '1', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let rest = ''
  let last = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (last !== '') console.log(last)
      last = line
    }
  })
  await new Promise((resolve) => child.once('close', resolve))
  const summary: unknown = JSON.parse(last)
  return typeof summary === 'object' && summary !== null ? { ...summary } : {}
}

/** Numbers are added, lists joined, tables added entry by entry; of times the longest is used. */
function added(total: RunSummary, part: RunSummary): RunSummary {
  const sum: Record<string, unknown> = { ...total }
  for (const [name, value] of Object.entries(part)) {
    const before = sum[name]
    if (before === undefined) sum[name] = value
    else if (name === 'seconds') sum[name] = Math.max(Number(before), Number(value))
    else if (name === 'from') sum[name] = Math.min(Number(before), Number(value))
    else if (name !== 'runsPerSeed') sum[name] = joined(before, value)
  }
  return sum
}

function joined(before: unknown, value: unknown): unknown {
  if (typeof before === 'number' && typeof value === 'number') return before + value
  if (Array.isArray(before) && Array.isArray(value))
    return [...before, ...value].sort((a, b) => Number(a) - Number(b))
  if (typeof before === 'object' && typeof value === 'object') return added({ ...before }, { ...value })
  return value
}
