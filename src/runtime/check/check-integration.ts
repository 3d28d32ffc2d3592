/**
 * `isthmus check`: everything that can be known about a definition before it runs.
 *
 * Nothing is written, in no system and no store. Steps, each only as far as the one before it allows: the definition → its secrets and
 * connectors → what the systems can do → whether they answer → whether the mappings hold on records of theirs.
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
  /** Where the definition is looked for. */
  readonly directory: string
  /** @default the first definition file in `directory` */
  readonly file?: string
  /** Variables for `${env:…}`. @default the process's variables, completed from `.env` next to the definition */
  readonly environment?: Environment
  /** Calls no system; missing variables are warnings. @default false */
  readonly offline?: boolean
  /** Records of each place on which the mappings are tried, 1..100. @default 20 */
  readonly samplesMax?: number
  /** Records of each entity that the forecast at the systems' limits is for. @default 10000 */
  readonly forecastRecords?: number
  /** Ends it early. */
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
 * Checks an integration. What is wrong with it is in the report.
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

/** Lines and columns of findings that were made after the file was read. */
function locate(source: string, findings: readonly Finding[]): readonly Finding[] {
  if (!/\.(ya?ml|json)$/.test(source)) return findings
  const reading = readYaml(readFileSync(source, 'utf8'))
  return located(findings, reading.locate)
}
