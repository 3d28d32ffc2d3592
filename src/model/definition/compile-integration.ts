/** From a definition to what the engine runs. */
import type { Integration } from '../integration.ts'
import { type LensSet, versionOf } from '../lens/identity.ts'
import {
  checkEntityReferences,
  checkOperations,
  checkRequiredCycles,
  type EntityPlace,
} from './check-references.ts'
import { compileEntity } from './compile-entity.ts'
import { compileLookups, type LookupsOf, sidesThatAreNone } from './compile-lookups.ts'
import { compileRetention } from './compile-retention.ts'
import { compileSystems, systemKeys } from './compile-systems.ts'
import { compileWatch } from './compile-watch.ts'
import { ordinaryEntity } from './expand-one-way.ts'
import { type Finding, refusedDefinition } from './finding.ts'
import { literalSecrets } from './literal-secrets.ts'
import { type Report, reportUnder } from './report.ts'
import { definitionSchema, type IntegrationDefinition } from './schema/root.ts'
import type { SystemDefinition } from './schema/systems.ts'
import { misplacedReferences } from './secret-references.ts'
import { shapeFindings, withoutSlips } from './shape-findings.ts'

/** What the compiler is given besides the definition. */
export interface CompileOptions {
  /** Hash of a text, for the definition's version; any collision-resistant one. */
  readonly hash: (text: string) => string
  /** The systems with their secrets resolved. @default the definition's own, with `${…}` left as it is */
  readonly systems?: Readonly<Record<string, SystemDefinition>>
  /** Lookups that a connector provides. @default none */
  readonly lookups?: LookupsOf
  /** Name of the file in error messages. @default 'definition' */
  readonly source?: string
}

/** The findings about a definition, and its compiled form unless one of them is an error. */
export interface Compilation {
  readonly findings: readonly Finding[]
  /** Missing when a finding is an error. */
  readonly definition?: IntegrationDefinition
  readonly integration?: Integration
}

/**
 * Checks and compiles plain data (parsed YAML, or the export of a TypeScript definition); reports all errors
 * at once.
 */
export function checkDefinition(value: unknown, options: CompileOptions): Compilation {
  const secrets = [...literalSecrets(value), ...misplacedReferences(value)]
  const shape = shapeFindings(definitionSchema, value)
  if (shape.length > 0) return { findings: withoutSlips([...shape, ...systemKeys(value), ...secrets]) }
  const definition = definitionSchema.parse(value)
  const findings: Finding[] = [...secrets, ...systemKeys(value)]
  const integration = compile(definition, options, (finding) => findings.push(finding))
  const isRefused = findings.some((finding) => finding.severity === 'error')
  return isRefused ? { findings } : { findings, definition, integration }
}

/**
 * Compiles a definition.
 *
 * @throws DEFINITION_INVALID (all findings by `findingsOf`) when something is wrong with it.
 */
export function compileIntegration(definition: IntegrationDefinition, options: CompileOptions): Integration {
  const { findings, integration } = checkDefinition(definition, options)
  if (integration === undefined) throw refusedDefinition(options.source ?? 'definition', findings)
  return integration
}

function compile(definition: IntegrationDefinition, options: CompileOptions, report: Report): Integration {
  const systems = Object.keys(definition.systems)
  const lookups = compileLookups(definition, options.lookups ?? (() => undefined), report)
  const lookupNames = new Set(lookups.keys())
  const places = new Map<string, EntityPlace>()
  for (const [name, written] of Object.entries(definition.entities)) {
    const inEntity = reportUnder(report, ['entities', name])
    const ordinary = ordinaryEntity(written, inEntity)
    const inWritten: Report = (finding) => inEntity({ ...finding, path: ordinary.written(finding.path) })
    const entity = compileEntity(
      {
        name,
        definition: ordinary.definition,
        systems,
        lookups: lookupNames,
        hash: options.hash,
        cardNumbers: definition.cardNumbers,
      },
      inWritten,
    )
    places.set(name, {
      entity,
      written: (path) => ['entities', name, ...ordinary.written(path)],
      namedAt: (system) => ['entities', name, ...ordinary.namedAt(system)],
    })
  }
  checkEntityReferences(definition, places, report)
  checkRequiredCycles(places, report)
  checkOperations(definition, report)
  sidesThatAreNone(definition, places, { lookupsOf: options.lookups, report })
  return {
    id: definition.integration,
    version: options.hash(definitionText(definition)),
    systems: compileSystems(options.systems ?? definition.systems),
    entities: new Map([...places].map(([name, { entity }]) => [name, entity])),
    retention: compileRetention(definition.retention),
    watch: compileWatch(definition.objectives),
    ...(lookups.size === 0 ? {} : { lookups }),
  }
}

/**
 * The lenses of a definition that was bound before, from its stored document. Undefined when it can't be read
 * any more. Anything else that this version would refuse in it does not matter here, since it was running.
 */
export function lensSetsOfDocument(document: unknown, hash: CompileOptions['hash']): LensSet[] | undefined {
  const parsed = definitionSchema.safeParse(document)
  if (!parsed.success) return undefined
  const { entities } = compile(parsed.data, { hash }, () => {})
  return [...entities.values()].flatMap(({ systems }) =>
    [...systems.values()].flatMap(({ lenses }) => (lenses === undefined ? [] : [lenses])),
  )
}

/**
 * The text whose hash is the definition's version. Order matters, because it ranks systems; functions are
 * represented by their source and version. Secrets are not part of it: it is made before they are resolved.
 */
export function definitionText(definition: IntegrationDefinition): string {
  return JSON.stringify(definition, (_, value: unknown) =>
    typeof value === 'function' ? functionText(value) : value,
  )
}

function functionText(fn: object): string {
  const version = versionOf(fn)
  return version === undefined ? String(fn) : `${version}: ${String(fn)}`
}
