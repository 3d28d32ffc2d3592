/** Each gate fails a test file that deserves it: the files in `fixtures/` run in a vitest of their own. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'

const here = import.meta.dirname
const root = path.resolve(here, '../..')

function runFixture(name: string): { readonly status: number | null; readonly output: string } {
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [vitest, 'run', '--config', path.join(here, 'fixtures', 'vitest.config.ts'), `${name}.fixture.ts`],
    { cwd: root, encoding: 'utf8', timeout: 170_000, env: { ...process.env, NO_COLOR: '1' } },
  )
  return { status, output: stdout + stderr }
}

test.each([
  ['open-server', '1 × TCPServerWrap'],
  ['open-timer', '1 × Timeout'],
  ['open-worker', 'worker thread'],
  ['open-child', 'child process: sleep 600'],
  ['outside-address', '192.0.2.1'],
  ['outside-name', 'api.example.com'],
  ['outside-lookup', '198.51.100.7'],
])('%s fails and names %s', (name, said) => {
  const { status, output } = runFixture(name)
  expect(output).toContain('1 passed')
  expect(output).toContain(said)
  expect(status).toBe(1)
})

test('a file that ends what it started, and calls only this machine, passes', () => {
  const { status, output } = runFixture('tidy')
  expect(status, output).toBe(0)
})
