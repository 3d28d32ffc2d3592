/** The public suite for HTTP caches, run on our cache and on undici's, each in a separate process. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const suite = fileURLToPath(new URL('../test/support/cache-suite.ts', import.meta.url))

/** Runs the suite for both. Speed is not measured: one round is enough. */
export async function benchCache(say: (line: string) => void): Promise<object> {
  const results: object[] = []
  for (const name of ['isthmus', 'undici']) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', suite, name])
    const tally: { readonly pass: number; readonly fail: number; readonly void: number } = JSON.parse(
      // The suite prints its own progress first.
      stdout.trim().split('\n').at(-1) ?? '',
    )
    results.push({ name, ...tally })
    say(`${name.padEnd(8)} ${tally.pass} pass, ${tally.fail} fail, ${tally.void} say nothing`)
  }
  return { figure: 'cache', results }
}
