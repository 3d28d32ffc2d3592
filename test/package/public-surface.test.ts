/** The package as installed by users: built, packed, unpacked into an empty folder, and imported by its name. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installPackage, runToEnd } from '../support/installed-package.ts'

const root = path.resolve(import.meta.dirname, '..', '..')
const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-package-'))
const installed = path.join(folder, 'node_modules', 'isthmus')

const run = (command: string, args: readonly string[], cwd = folder): string => runToEnd(command, args, cwd)

beforeAll(async () => {
  await installPackage(folder)
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
}, 480_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function exportsOf(entry: string): readonly string[] {
  const code = `process.stdout.write(JSON.stringify(Object.keys(await import('${entry}')).sort()))`
  return JSON.parse(run(process.execPath, ['--input-type=module', '--eval', code]))
}

test.each(['isthmus', 'isthmus/http', 'isthmus/connectors', 'isthmus/testing'])(
  '%s exports what it always did',
  (entry) => {
    expect(exportsOf(entry)).toMatchSnapshot()
  },
)

test.each(['isthmus', 'isthmus/http', 'isthmus/connectors', 'isthmus/testing'])(
  'importing %s with an older Node.js fails with one sentence that says which one is needed',
  (entry) => {
    // What an older Node.js does not have by name would end the import before any module could say so.
    writeFileSync(
      path.join(folder, 'older.cjs'),
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })
      const since = /zstd|getCACertificates/i
      const codeOf = (name) => {
        const names = Object.keys(require(name)).filter((one) => /^[a-z]\\w*$/i.test(one) && !since.test(one))
        return 'const all = process.getBuiltinModule("' + name + '"); export default all; export const { ' + names + ' } = all'
      }
      const url = (name) => 'data:text/javascript,' + encodeURIComponent(codeOf(name))
      const older = { 'node:zlib': url('node:zlib'), 'node:tls': url('node:tls') }
      require('node:module').registerHooks({
        resolve: (specifier, context, next) =>
          specifier in older && context.parentURL?.includes('/isthmus/dist/')
            ? { url: older[specifier], shortCircuit: true }
            : next(specifier, context),
      })`,
    )
    const code = `import('${entry}').catch((error) => process.stdout.write(error.name + ': ' + error.message))`
    const older = ['--require', './older.cjs', '--input-type=module', '--eval', code]
    expect(run(process.execPath, older)).toBe(
      'Error: isthmus needs Node.js 24 or newer, and this is 20.20.2: install it from https://nodejs.org, or for this folder alone with `npm install node@24` and run your program with `npx node`.',
    )
  },
)

test('has at most eight error classes, each under the name of its base', () => {
  const code = `
    const names = new Set()
    for (const entry of ['isthmus', 'isthmus/http', 'isthmus/connectors', 'isthmus/testing'])
      for (const [name, value] of Object.entries(await import(entry)))
        if (typeof value === 'function' && (value.prototype instanceof Error)) names.add(name)
    process.stdout.write(JSON.stringify([...names].sort()))`
  expect(JSON.parse(run(process.execPath, ['--input-type=module', '--eval', code]))).toEqual([
    'AuthenticationError',
    'HttpError',
    'HttpStatusError',
    'IsthmusError',
    'NetworkError',
    'RateLimitedError',
    'ResponseValidationError',
    'UsageError',
  ])
})

test('an error of one entry point is recognised by the others', () => {
  const code = `
    import { IsthmusError } from 'isthmus'
    import { ApiClient, UsageError } from 'isthmus/http'
    try { new ApiClient({ baseUrl: 'no address' }) } catch (error) {
      process.stdout.write(JSON.stringify([error instanceof IsthmusError, error instanceof UsageError, error.outcome]))
    }`
  expect(JSON.parse(run(process.execPath, ['--input-type=module', '--eval', code]))).toEqual([
    true,
    true,
    'not-sent',
  ])
})

test('its types compile in a strict project of a user', () => {
  writeFileSync(
    path.join(folder, 'use.ts'),
    [
      "import { createRuntime, defineIntegration, isIsthmusError } from 'isthmus'",
      "import { ApiClient, type HttpError } from 'isthmus/http'",
      "import { defineConnector } from 'isthmus/connectors'",
      "import { mockTransport } from 'isthmus/testing'",
      'export const used = [createRuntime, defineIntegration, isIsthmusError, defineConnector] as const',
      "export const client = new ApiClient({ baseUrl: 'https://api.example.com', transport: mockTransport(() => ({ json: {} })).transport })",
      'export const phaseOf = (error: HttpError): string | undefined => error.phase',
    ].join('\n'),
  )
  const options = {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  }
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['use.ts'] }),
  )
  run(process.execPath, [path.join(root, 'node_modules', 'typescript-7', 'bin', 'tsc'), '-p', folder])
})

test('the program of the package starts', () => {
  const { version } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'))
  expect(run(process.execPath, [path.join(installed, 'dist', 'cli', 'main.js'), '--version']).trim()).toBe(
    version,
  )
})

test('contains neither tests nor anything that only tests and the demo use', () => {
  const files = readdirSync(path.join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
  expect(files.filter((file) => /\.test\.|\.map$|__snapshots__|fixtures/.test(file))).toEqual([])
  expect(
    ['demo', path.join('store', 'memory')].filter((part) => existsSync(path.join(installed, 'dist', part))),
  ).toEqual([])
})
