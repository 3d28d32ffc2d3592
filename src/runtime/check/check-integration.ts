/**
 * `isthmus check`: checks everything about a definition that can be checked before it runs.
 *
 * Nothing is written to any system or to the store. The steps, each as far as the previous one allows: the
 * definition → its secrets and connectors → the capabilities of the systems → whether they respond → whether
 * the mappings work on sample records.
 */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Connector } from '../../connectors/kit/define-connector.ts'
import type { Finding } from '../../model/definition/finding.ts'
import { located } from '../../model/definition/parse-definition.ts'
import { readYaml } from '../../model/definition/read-yaml.ts'
import { type Environment, loadEnvironment } from '../config.ts'
import { inspectDefinition } from '../load-definition.ts'
import { bindSystems } from './bind-systems.ts'
import { checkBound } from './check-bound.ts'
import { checkDescribed } from './check-described.ts'
import { checkQuotas } from './check-quotas.ts'
import { type CheckRow, rowOfFinding } from './check-row.ts'
import { checkSchemas } from './check-schemas.ts'
import { askSystems, checkCapabilities } from './check-systems.ts'
import { shareCredentials } from './share-credentials.ts'

export interface CheckOptions {
  /** Directory in which the definition is searched. */
  readonly directory: string
  /** @default the first definition file in `directory` */
  readonly file?: string
  /**
   * Variables for `${env:…}`. @default the process's variables, completed from `.env` next to the definition
   */
  readonly environment?: Environment
  /** Calls no system; missing variables are warnings. @default false */
  readonly offline?: boolean
  /** Number of records of each place on which the mappings are tested, 1..100. @default 20 */
  readonly samplesMax?: number
  /** Number of records of each entity for the forecast at the systems' limits. @default 10000 */
  readonly forecastRecords?: number
  /** Aborts the check. */
  readonly signal?: AbortSignal
  /** Further connectors. @default none */
  readonly connectors?: readonly Connector[]
}

export interface CheckReport {
  /** Absolute path of the definition. */
  readonly source: string
  readonly rows: readonly CheckRow[]
}

/**
 * Checks an integration. Problems are returned in the report.
 *
 * @throws DEFINITION_NOT_FOUND, DEFINITION_UNREADABLE
 */
export async function checkIntegration(options: CheckOptions): Promise<CheckReport> {
  const { directory, file } = options
  const inspected = await inspectDefinition({ directory, ...(file === undefined ? {} : { file }) })
  const { source, definition, integration } = inspected
  const rows = inspected.findings.map((finding) => rowOfFinding('definition', finding))
  if (definition === undefined || integration === undefined) return { source, rows }
  const entities = [...integration.entities.keys()].join(', ')
  const message = `${integration.systems.size} systems, ${integration.entities.size} entities: ${entities}`
  rows.push({ level: 'ok', area: 'definition', subject: integration.id, message })
  const environment = options.environment ?? loadEnvironment(dirname(source))
  const offline = options.offline === true
  const { credentials, ...shared } = await shareCredentials({ integration, source, environment, offline })
  rows.push(...shared.rows)
  const bound = bindSystems({
    definition,
    source,
    environment,
    offline,
    dependenciesOf: credentials.dependenciesOf,
    without: shared.without,
    ...(options.connectors === undefined ? {} : { connectors: options.connectors }),
  })
  const { systems } = bound
  try {
    const capabilities = checkCapabilities({ integration, systems, locate: (found) => locate(source, found) })
    rows.push(...bound.rows, ...capabilities.rows)
    if (options.offline === true) return { source, rows }
    rows.push(...(await checkBound(integration, source)))
    const asked = await askSystems({
      integration,
      systems,
      places: capabilities.places,
      samplesMax: options.samplesMax ?? 20,
      signal: options.signal ?? new AbortController().signal,
    })
    const signal = options.signal ?? new AbortController().signal
    const described = await checkDescribed({ integration, definition, systems, signal })
    const schemas = await checkSchemas({ integration, systems, source, signal })
    const records = options.forecastRecords ?? 10_000
    const quotas = await checkQuotas({ integration, systems, records, now: Date.now(), signal })
    return { source, rows: [...rows, ...asked, ...described, ...schemas, ...quotas] }
  } finally {
    await credentials.close()
    await bound.close()
  }
}

/** Adds lines and columns to findings that were made after the file was read. */
function locate(source: string, findings: readonly Finding[]): readonly Finding[] {
  if (!/\.(ya?ml|json)$/.test(source)) return findings
  const reading = readYaml(readFileSync(source, 'utf8'))
  return located(findings, reading.locate)
}
