/** `npm run layers` enforces one direction of imports between the folders of the engine: each test builds a small tree with one forbidden import. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../../scripts/check-layers.ts', import.meta.url))
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

/** Checks a tree of these files; returns the output. */
async function check(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'layers-'))
  folders.push(root)
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true })
    await writeFile(path.join(root, name), text)
  }
  return run(process.execPath, [script, root]).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  )
}

describe('the layers of the engine', () => {
  test('a step may use the steps before it', async () => {
    const said = await check({
      'engine/ports.ts': 'export interface Clock { now(): number }\n',
      'engine/write/write.ts': "import type { Clock } from '../ports.ts'\nexport type Clocks = Clock[]\n",
      'engine/delete/detect.ts': "export { type Clocks } from '../write/write.ts'\n",
    })
    expect(said).toContain('layers hold: 3 files')
  })

  test.each([
    ['engine/write/write.ts', '../decide/decide.ts', 'engine/write may not import engine/decide'],
    ['engine/protect/circuit.ts', '../pass/pass.ts', 'engine/protect may not import engine/pass'],
    ['engine/pass/finish.ts', '../reconcile.ts', 'engine/pass may not import engine/reconcile.ts'],
    ['engine/ports.ts', './engine.ts', 'engine may not import engine/engine.ts'],
    ['engine/match/candidate.ts', '../delete/detect.ts', 'engine/match may not import engine/delete'],
    ['engine/observe/observe.ts', '../intake/poll.ts', 'engine/observe may not import engine/intake'],
  ])('%s may not import %s, not even a type', async (file, from, message) => {
    const said = await check({ [file]: `import type { Thing } from '${from}'\nexport type Mine = Thing\n` })
    expect(said).toContain(message)
    expect(said).toContain('1 layer problem(s)')
  })
})

describe('folders', () => {
  const connector = (from: string) => `import type { Thing } from '${from}'\nexport type Mine = Thing\n`

  test('may not import each other, even where no file is part of a circle', async () => {
    const said = await check({
      'connectors/rest/one/a.ts': connector('../two/b.ts'),
      'connectors/rest/two/b.ts': 'export type Thing = 1\n',
      'connectors/rest/two/c.ts': connector('../one/d.ts'),
      'connectors/rest/one/d.ts': 'export type Thing = 2\n',
    })
    expect(said).toContain('connectors/rest: its folders import each other in a circle, one/ → two/ → one/')
    expect(said).toContain('connectors/rest/two/c.ts imports connectors/rest/one/d.ts')
    expect(said).toContain('1 layer problem(s)')
  })

  test('are above or below a file beside them, not both', async () => {
    const said = await check({
      'connectors/rest/options.ts': connector('./one/a.ts'),
      'connectors/rest/one/a.ts': 'export type Thing = 1\n',
      'connectors/rest/one/b.ts': connector('../options.ts').replace('Thing }', 'Mine as Thing }'),
    })
    expect(said).toMatch(/options.ts → one\/ → options.ts|one\/ → options.ts → one\//)
  })

  test('may use each other in one direction', async () => {
    const said = await check({
      'connectors/rest/index.ts': connector('./one/a.ts'),
      'connectors/rest/one/a.ts': connector('../two/b.ts')
        .replace('Mine', 'Thing')
        .replace('{ Thing }', '{ Thing as T }')
        .replace('= Thing', '= T'),
      'connectors/rest/two/b.ts': connector('../client.ts')
        .replace('{ Thing }', '{ Thing as T }')
        .replace('Mine = Thing', 'Thing = T'),
      'connectors/rest/client.ts': 'export type Thing = 1\n',
    })
    expect(said).toContain('layers hold: 4 files')
  })
})

describe('the check reads code only', () => {
  test('an import in a comment or a text is none', async () => {
    const said = await check({
      'engine/ports.ts': [
        '/**',
        ' * Example:',
        " *   import { run } from './engine.ts'",
        ' */',
        "export const text = `\nimport { run } from './engine.ts'\n`",
        '// The clock replaces Date.now() here.',
        '',
      ].join('\n'),
      'engine/engine.ts': 'export const run = 1\n',
    })
    expect(said).toContain('layers hold: 2 files')
  })

  test.each([
    ['a dynamic import', "export const run = () => import('./engine.ts')"],
    ['an import in a type', "export type Run = import('./engine.ts').Run"],
    [
      'a list of names over several lines',
      "import {\n  // why\n  type Run,\n} from './engine.ts'\nexport type Mine = Run",
    ],
    ['a re-export', "export * from './engine.ts'"],
  ])('%s is one', async (_, code) => {
    expect(await check({ 'engine/ports.ts': `${code}\n` })).toContain(
      'engine may not import engine/engine.ts',
    )
  })

  test('the engine may not read the time itself', async () => {
    const said = await check({ 'engine/ports.ts': 'export const at = (): number => Date.now()\n' })
    expect(said).toContain('engine/ports.ts: Date.now(): engine and model take the injected clock')
  })
})
