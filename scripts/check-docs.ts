/**
 * Checks the documentation: relative links resolve, generated pages are up to date, TypeScript snippets compile, and the public
 * entry points are documented. `--write` updates the generated pages.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCodes } from '../src/model/error-codes.ts'
import { adminApiPage, clientTypesFile, openApiFile } from './docs/admin-api.ts'
import { httpOptionsPage } from './docs/http-options.ts'
import { probesPage } from './docs/probes-page.ts'
import {
  cliPage,
  connectionPage,
  definitionPage,
  graphqlManifestPage,
  manifestPage,
} from './docs/reference-pages.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const write = process.argv.includes('--write')
const problems: string[] = []

function pages(directory: string): string[] {
  return readdirSync(directory).flatMap((entry) => {
    if (['node_modules', 'dist', '.git', '.isthmus', 'coverage'].includes(entry)) return []
    const full = path.join(directory, entry)
    if (statSync(full).isDirectory()) return pages(full)
    return entry.endsWith('.md') ? [full] : []
  })
}

function errorCodePage(): string {
  const rows = Object.entries(errorCodes)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(
      ([code, row]) =>
        `| \`${code}\` | ${row.summary} | ${row.fix} | ${row.retry === 'never' ? 'no' : 'yes, with back-off'} |`,
    )
  return [
    '# Error codes',
    '',
    'Every error that Isthmus reports has one of these codes. They are stable, so scripts may rely on them.',
    '',
    '| code | what happened | what to do | retried automatically |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

/** Generated pages by path, each from its one source. */
const generated: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/admin-api.md': adminApiPage,
  'docs/reference/cli.md': cliPage,
  'docs/reference/connection.md': connectionPage,
  'docs/reference/definition.md': definitionPage,
  'docs/reference/error-codes.md': errorCodePage,
  'docs/reference/graphql-manifest.md': graphqlManifestPage,
  'docs/reference/http-options.md': httpOptionsPage,
  'docs/reference/manifest.md': manifestPage,
  'docs/reference/probes.md': probesPage,
  'schema/openapi.json': openApiFile,
  'test/support/admin-api/types.ts': clientTypesFile,
}

for (const [file, make] of Object.entries(generated)) {
  const full = path.join(root, file)
  const wanted = await make()
  const found = existsSync(full) ? readFileSync(full, 'utf8') : ''
  if (found === wanted) continue
  if (write) {
    mkdirSync(path.dirname(full), { recursive: true })
    writeFileSync(full, wanted)
  } else problems.push(`${file} is not what its source says: run \`npm run docs -- --write\``)
}

const snippets: { readonly page: string; readonly line: number; readonly code: string }[] = []
for (const page of pages(root)) {
  const text = readFileSync(page, 'utf8')
  const where = path.relative(root, page)
  for (const match of text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)) {
    const target = (match[1] ?? '').split('#')[0] ?? ''
    if (target === '' || /^[a-z]+:/.test(target)) continue
    if (!existsSync(path.resolve(path.dirname(page), target)))
      problems.push(`${where}: the link to ${target} leads nowhere`)
  }
  for (const match of text.matchAll(/```ts\n([\s\S]*?)```/g))
    snippets.push({ page: where, line: text.slice(0, match.index).split('\n').length, code: match[1] ?? '' })
}

/** Snippets are compiled against the sources, as a reader would write them against the package. */
function checkSnippets(): void {
  const folder = path.join(root, '.isthmus-snippets')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [index, snippet] of snippets.entries())
    writeFileSync(path.join(folder, `snippet-${index}.ts`), `${snippet.code}\nexport {}\n`)
  const options = {
    extends: '../tsconfig.json',
    compilerOptions: {
      noUnusedLocals: false,
      paths: {
        isthmus: ['../src/index.ts'],
        'isthmus/http': ['../src/http.ts'],
        'isthmus/connectors': ['../src/connectors.ts'],
        'isthmus/testing': ['../src/testing.ts'],
      },
    },
    include: ['*.ts'],
  }
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(options))
  const compiler = path.join(root, 'node_modules', 'typescript-7', 'bin', 'tsc')
  const result = spawnSync(process.execPath, [compiler, '-p', folder, '--noEmit'], {
    encoding: 'utf8',
    cwd: folder,
  })
  rmSync(folder, { recursive: true, force: true })
  for (const line of result.stdout.split('\n')) {
    const found = /^snippet-(\d+)\.ts\((\d+),/.exec(line)
    const snippet = found === null ? undefined : snippets[Number(found[1])]
    if (snippet !== undefined)
      problems.push(
        `${snippet.page}:${snippet.line + Number(found?.[2])}: snippet: ${line.replace(/^[^:]+: /, '')}`,
      )
    else if (line.trim() !== '') problems.push(line)
  }
}
if (snippets.length > 0) checkSnippets()

/** Names that the public API refers to without exporting them, and where they are documented instead. */
const documentedElsewhere: Readonly<Record<string, string>> = {
  definitionSchema: 'docs/reference/definition.md; its type is IntegrationDefinition',
  plainTypeSchema: 'docs/reference/definition.md; its type is PlainTypeName',
  manifestSchema: 'docs/reference/manifest.md; its type is Manifest',
  connectionSchema: 'docs/reference/connection.md; its type is Connection',
  sectionSchema: 'docs/reference/connection.md and http-options.md; its type is ApiClientSection',
  memoryConfig: 'its type is MemoryConfigInput',
  memoryResourceSchema: 'its type is MemoryResourceConfig',
  errorCodes: 'docs/reference/error-codes.md; its type is ErrorCode',
  StatusResource: 'docs/reference/status.md',
  Engine: 'a handle for `listen` and tests; its shape is not part of the API',
  Store: 'a handle for `listen` and tests; its shape is not part of the API',
  AdminStore: 'a handle for `listen`; its shape is not part of the API',
}

/** TypeDoc's validation: an exported thing that refers to something undocumented or not exported is a warning, and warnings are errors. */
function checkPublicSurface(): void {
  const entries = ['index', 'http', 'connectors', 'testing']
    .map((name) => `src/${name}.ts`)
    .filter((file) => existsSync(path.join(root, file)))
  if (entries.length === 0) return
  const typedoc = path.join(root, 'node_modules', 'typedoc', 'bin', 'typedoc')
  const flags = [
    '--disableSources',
    '--readme',
    'none',
    '--emit',
    'none',
    '--plugin',
    './scripts/docs/typedoc-comments.ts',
    '--excludeInternal',
    '--validation.notDocumented',
    '--validation.notExported',
    ...Object.keys(documentedElsewhere).flatMap((name) => ['--intentionallyNotExported', name]),
    '--treatWarningsAsErrors',
    '--skipErrorChecking',
    '--tsconfig',
    'tsconfig.json',
  ]
  const result = spawnSync(process.execPath, [typedoc, ...flags, ...entries], { cwd: root, encoding: 'utf8' })
  if (result.status !== 0) problems.push(`public surface:\n${result.stdout}${result.stderr}`)
}
checkPublicSurface()

if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n')}\n\n${problems.length} documentation problem(s)\n`)
  process.exit(1)
}
process.stdout.write(
  `documentation holds: ${pages(root).length} pages, ${snippets.length} snippets compiled\n`,
)
