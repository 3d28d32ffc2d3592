/**
 * Checks the layers of the source tree: allowed imports between layers, allowed external packages of each layer, no import cycles of files or folders (including type imports), and
 * no miscellaneous folders. The messages list what is allowed, so that they are sufficient to fix a violation.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { circlesOf, folderCircles } from './import-circles.ts'

interface Layer {
  /** Layers whose modules it may import at run time. */
  readonly layers: readonly string[]
  /** Layers of which it may import types only. */
  readonly types?: readonly string[]
  /** Outside packages it may name; `node:*` covers Node's own modules. */
  readonly packages: readonly string[]
  readonly why: string
}

/**
 * The folders of the engine, from the bottom up: a step of a pass may import the steps before it, never one after it, types included.
 * `intake` and `schedule` find work and know nothing of how a pass does it.
 */
function engineLayers(): Record<string, Layer> {
  const base = ['engine']
  const protect = [...base, 'engine/protect']
  const pass = [...protect, 'engine/pass']
  const observe = [...pass, 'engine/observe']
  const write = [...observe, 'engine/write']
  const match = [...write, 'engine/match']
  const remove = [...match, 'engine/delete']
  const decide = [...remove, 'engine/decide']
  const intake = [...observe, 'engine/intake']
  const rows: readonly (readonly [name: string, below: readonly string[], why: string])[] = [
    ['engine', [], 'ports, settings, places and the context are at the bottom'],
    ['engine/protect', base, 'what bounds calls knows no pass'],
    ['engine/pass', protect, 'the state of a pass knows none of its steps'],
    ['engine/observe', pass, 'reading decides nothing'],
    ['engine/write', observe, 'the write step gets what was decided, and tells what became of it'],
    ['engine/match', write, 'who belongs to whom is decided before anything is merged'],
    ['engine/delete', match, 'a deletion reads, matches and writes; it merges nothing'],
    ['engine/decide', remove, 'the merge plans; it neither runs passes nor sends'],
    ['engine/intake', observe, 'what finds work knows nothing of how a pass does it'],
    ['engine/schedule', intake, 'the scheduler starts what intake offers'],
    ['engine/reconcile.ts', decide, 'a pass on one screen: it knows all steps, and only the worker knows it'],
    ['engine/worker.ts', [...pass, 'engine/reconcile.ts'], 'the worker runs passes'],
    ['engine/engine.ts', [...decide, 'engine/intake', 'engine/worker.ts'], 'the engine is composed here'],
  ]
  return Object.fromEntries(
    rows.map(([name, below, why]): [string, Layer] => [
      name,
      {
        layers: ['model', 'connectors/kit/responses', ...below],
        types: ['store', 'connectors/kit'],
        packages: [],
        why: `${why}; the engine never names a vendor, a database or HTTP`,
      },
    ]),
  )
}

const layers: Readonly<Record<string, Layer>> = {
  model: {
    layers: ['model'],
    packages: ['jsonata', 're2js', 'decimal.js', 'card-validator', 'yaml', 'zod'],
    why: 'the model is pure: no Node modules, clock or randomness; they come in as parameters',
  },
  http: {
    layers: ['model'],
    packages: [
      'node:*',
      'undici',
      'oauth4webapi',
      'lossless-json',
      'jose',
      '@opentelemetry/api',
      'structured-headers',
      'http-cache-semantics',
    ],
    why: 'the API client knows no connector',
  },
  'connectors/kit/responses': {
    layers: ['model'],
    types: ['connectors/kit'],
    packages: [],
    why: 'which record a response is about is judged by pure functions, so that the kit and the engine can share them',
  },
  'connectors/kit': {
    layers: ['model', 'http', 'connectors/kit/responses'],
    packages: ['node:*', 'zod', 'yaml', 'standardwebhooks'],
    why: 'the kit knows no system',
  },
  'connectors/kit/odata': {
    layers: ['model', 'http', 'connectors/kit', 'connectors/kit/responses'],
    packages: ['node:*', 'zod', 'fast-xml-parser'],
    why: 'the protocol of the connectors odata and sap-s4: it knows no vendor, and the rest of the kit does not know it',
  },
  'connectors/postgres': {
    layers: ['model', 'http', 'connectors/kit', 'connectors/kit/responses'],
    packages: ['node:*', 'zod', 'pg', 'pg-copy-streams'],
    why: 'here PostgreSQL is the system that is synced, reached by its own protocol; the store has its own connections',
  },
  connectors: {
    layers: [
      'model',
      'http',
      'connectors/kit',
      'connectors/kit/odata',
      'connectors/kit/responses',
      'connectors/postgres',
    ],
    packages: ['node:*', 'zod', 'yaml', 'lossless-json', 'graphql', 'fast-xml-parser'],
    why: 'a connector may use the kit, never a sibling',
  },
  store: {
    layers: ['model'],
    packages: ['node:async_hooks', 'node:crypto', 'node:zlib', 'lossless-json'],
    why: 'the store contract, codecs and the journal chain speak only of the model',
  },
  'store/memory': {
    layers: ['model', 'store'],
    packages: ['node:*'],
    why: 'an implementation knows its contract and the model',
  },
  'store/postgres': {
    layers: ['model', 'store'],
    packages: ['node:*', 'pg', 'pg-copy-streams'],
    why: 'pg is named here alone',
  },
  ...engineLayers(),
  observability: {
    layers: ['model'],
    types: ['http'],
    packages: ['node:*', 'pino'],
    why: 'listeners see events and the entries of the call log, nothing else',
  },
  api: {
    layers: ['model'],
    types: ['store'],
    packages: ['zod'],
    why: 'the wire contract is shared by server, dashboard and CLI',
  },
  'runtime/backup': {
    layers: ['model', 'store'],
    packages: ['node:*', 'zod', 'jose', 'tar'],
    why: 'the form of backups and recovery kits: tables are read and filled by the store',
  },
  runtime: {
    layers: [
      'runtime/backup',
      'model',
      'http',
      'connectors/kit',
      'connectors/kit/odata',
      'connectors',
      'store',
      'store/memory',
      'store/postgres',
      'engine/*',
      'observability',
      'api',
    ],
    packages: ['node:*', 'yaml', 'croner'],
    why: 'the composition root',
  },
  server: {
    layers: ['api', 'runtime', 'model'],
    types: ['store', 'engine/*', 'connectors/kit'],
    packages: ['node:*', 'fastify', '@fastify/*', 'zod'],
    why: 'the server sees the runtime and the wire contract',
  },
  demo: {
    layers: ['cli', 'runtime', 'server', 'model', 'http'],
    types: ['store'],
    packages: ['node:*', 'commander', 'json-server', 'express-serve-static-core', 'standardwebhooks'],
    why: 'the demo is a user of the runtime and of the command line, with two systems of its own; the package does not hold it',
  },
  cli: {
    layers: ['api', 'runtime', 'runtime/backup', 'model', 'server'],
    types: ['store', 'engine/*', 'connectors/kit'],
    packages: ['node:*', 'commander', 'yaml'],
    why: 'a command sees the runtime and the wire contract',
  },
}

/** Uses of the environment that belong in one place. */
interface RestrictedUse {
  /** The expression as it is written: a property that is read, a function that is called, or `new X()` without arguments. */
  readonly names: readonly string[]
  /** Paths in which it may be used. */
  readonly allowed: RegExp
  readonly why: string
}

const restrictedUses: readonly RestrictedUse[] = [
  {
    names: ['process.env'],
    allowed: /^runtime\/config\.ts$/,
    why: 'the environment is read in runtime/config.ts alone',
  },
  {
    names: [
      'Date.now()',
      'Math.random()',
      'setTimeout()',
      'setInterval()',
      'randomUUID()',
      'crypto.randomUUID()',
      'performance.now()',
    ],
    allowed: /^(?!engine\/|model\/)/,
    why: 'engine and model take the injected clock and random source',
  },
  {
    names: ['new Date()'],
    allowed: /^(?!engine\/|model\/)/,
    why: 'engine and model take the injected clock',
  },
]

const drawers = new Set(['shared', 'common', 'utils', 'util', 'helpers', 'lib', 'misc'])
/** @default this repository's `src` */
const root = path.resolve(
  process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'src'),
)

function sources(directory: string): string[] {
  return readdirSync(directory).flatMap((entry) => {
    const full = path.join(directory, entry)
    if (statSync(full).isDirectory()) return sources(full)
    return /\.ts$/.test(entry) && !/\.(test|d)\.ts$/.test(entry) ? [full] : []
  })
}

function layerOf(file: string): string | undefined {
  const parts = path.relative(root, file).split(path.sep)
  if (parts.length === 1) return undefined
  const nested = [3, 2].map((depth) => parts.slice(0, depth).join('/'))
  return nested.find((name) => name in layers) ?? parts[0]
}

/** `engine/*` stands for the engine with all its folders. */
function includes(names: readonly string[], layer: string): boolean {
  return names.includes(layer) || names.includes(`${layer.split('/')[0]}/*`)
}

/** A connector's own folder (`connectors/rest`); siblings may not see each other. */
function connectorOf(file: string): string | undefined {
  const parts = path.relative(root, file).split(path.sep)
  return parts[0] === 'connectors' && parts.length > 2 && parts[1] !== 'kit' ? parts[1] : undefined
}

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

interface Source {
  readonly imports: readonly Import[]
  /** What the file uses, spelt as in `restrictedUses`. */
  readonly uses: ReadonlySet<string>
}

/** Parses a file, so that neither a comment nor a text counts as code. */
function parse(file: string): Source {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest)
  const imports: Import[] = []
  const uses = new Set<string>()
  const visit = (node: ts.Node): void => {
    const found = importOf(node)
    if (found !== undefined) imports.push(found)
    const use = useOf(node, source)
    if (use !== undefined) uses.add(use)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { imports, uses }
}

/** Returns what the node imports, whether it is an import, a re-export, a dynamic import or an import in a type. */
function importOf(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) {
    return { from: textOf(node.moduleSpecifier), typeOnly: isTypeClause(node.importClause) }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    const { isTypeOnly, exportClause } = node
    const names = exportClause !== undefined && ts.isNamedExports(exportClause) ? exportClause.elements : []
    return { from: textOf(node.moduleSpecifier), typeOnly: isTypeOnly || areTypes(names) }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { from: textOf(node.argument.literal), typeOnly: true }
  }
  const [argument] = ts.isCallExpression(node) ? node.arguments : []
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined
  // A computed name is a file of the user: a definition written in TypeScript.
  return argument !== undefined && ts.isStringLiteralLike(argument)
    ? { from: argument.text, typeOnly: false }
    : undefined
}

function isTypeClause(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const { name, namedBindings } = clause
  if (name !== undefined || namedBindings === undefined) return false
  return ts.isNamedImports(namedBindings) && areTypes(namedBindings.elements)
}

/** True when each name is marked as a type: the compiler removes such an import. */
function areTypes(names: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]): boolean {
  return names.length > 0 && names.every(({ isTypeOnly }) => isTypeOnly)
}

/** The grammar allows only texts as module names of declarations. */
function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : ''
}

function useOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.getText(source)
  if (ts.isCallExpression(node)) return `${node.expression.getText(source)}()`
  if (ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0)
    return `new ${node.expression.getText(source)}()`
  return undefined
}

const problems: string[] = []
const importGraph = new Map<string, string[]>()

function checkImport(file: string, name: string, layer: Layer, item: Import): void {
  const where = path.relative(root, file)
  if (!item.from.startsWith('.')) {
    const allowed = layer.packages.some((p) =>
      p.endsWith('*')
        ? item.from.startsWith(p.slice(0, -1))
        : item.from === p || item.from.startsWith(`${p}/`),
    )
    if (!allowed)
      problems.push(
        `${where}: '${item.from}' is not for ${name}; allowed packages: ${layer.packages.join(', ') || 'none'} (${layer.why})`,
      )
    return
  }
  const target = path.resolve(path.dirname(file), item.from)
  const targetLayer = layerOf(target)
  if (targetLayer === undefined) {
    problems.push(`${where}: imports the entry point ${item.from}; import the module itself`)
    return
  }
  const mine = connectorOf(file)
  const theirs = connectorOf(target)
  if (mine !== undefined && theirs !== undefined && mine !== theirs)
    problems.push(
      `${where}: connector ${mine} imports its sibling ${theirs}; move what both need into connectors/kit`,
    )
  const allowed =
    targetLayer === name ||
    includes(layer.layers, targetLayer) ||
    (item.typeOnly && includes(layer.types ?? [], targetLayer))
  if (!allowed)
    problems.push(
      `${where}: ${name} may not import ${targetLayer}${item.typeOnly ? '' : ' at run time'}; allowed: ${layer.layers.join(', ')}${layer.types === undefined ? '' : `; types of ${layer.types.join(', ')}`} (${layer.why})`,
    )
}

for (const file of sources(root)) {
  const where = path.relative(root, file).split(path.sep).join('/')
  const { imports, uses } = parse(file)
  // Type imports count: modules that can only be understood together are one module, even if the compiler removes the imports.
  importGraph.set(
    file,
    imports
      .filter((item) => item.from.startsWith('.'))
      .map((item) => path.resolve(path.dirname(file), item.from)),
  )
  for (const part of where.split('/').slice(0, -1))
    if (drawers.has(part))
      problems.push(`${where}: a folder called '${part}' says nothing; name it after what it holds`)
  for (const { names, allowed, why } of restrictedUses) {
    const used = names.filter((use) => uses.has(use))
    if (used.length > 0 && !allowed.test(where)) problems.push(`${where}: ${used.join(', ')}: ${why}`)
  }
  const name = layerOf(file)
  if (name === undefined) continue
  const layer = layers[name]
  if (layer === undefined) {
    problems.push(`${where}: '${name}' is no layer; the layers are ${Object.keys(layers).join(', ')}`)
    continue
  }
  for (const item of imports) checkImport(file, name, layer, item)
}

for (const circle of circlesOf(importGraph))
  problems.push(`import cycle: ${circle.map((file) => path.relative(root, file)).join(' → ')}`)
problems.push(...folderCircles(root, importGraph))

if (problems.length > 0) {
  process.stderr.write(`${problems.sort().join('\n')}\n\n${problems.length} layer problem(s)\n`)
  process.exit(1)
}
process.stdout.write(
  `layers hold: ${importGraph.size} files, no import cycle between files or folders, of types neither\n`,
)
