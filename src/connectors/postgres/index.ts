/**
 * The connector `postgres`: tables of a PostgreSQL database, an application's or a warehouse's, as a system.
 */
import { isIsthmusError } from '../../model/errors.ts'
import type { CallContext, CallFailure, ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import type { ResourceDescription } from '../kit/description.ts'
import { type Fingerprint, fingerprintFrom, knownOrUnknown } from '../kit/known.ts'
import { callFailure } from '../kit/outcome.ts'
import { resourceNamed } from '../kit/resource-lookup.ts'
import { type Catalog, openCatalog } from './catalog.ts'
import { type PostgresClient, postgresClient } from './client.ts'
import { assertTables, type PostgresConfig, postgresConfig } from './config.ts'
import { describeTable } from './describe.ts'
import { databaseFailure, sqlState } from './failures.ts'
import { listen } from './listen.ts'
import { bindTable } from './resources.ts'

/** The connector as a definition names it. */
export const postgres = defineConnector({ name: 'postgres', config: postgresConfig, connect })

function connect(config: PostgresConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies } = binding
  assertTables(name, config)
  const client = postgresClient(config, binding)
  const catalog = openCatalog(client, config.schema, dependencies.clock)
  const resources = new Map<string, Resource>()
  for (const [resource, table] of Object.entries(config.tables)) {
    const { schema, pageSize, copyFrom } = config
    const owner = { resource, schema, config: table, client, catalog, pageSize, copyFrom }
    resources.set(resource, bindTable(owner, config))
  }
  return {
    name,
    connector: 'postgres',
    resource: (resourceName) => resourceNamed(resources, resourceName, name),
    fingerprint: (context) => fingerprint(client, context),
    describe: (names, context) => describe({ config, catalog }, names, context),
    ...(config.listen === undefined
      ? {}
      : { subscribe: (listener, signal) => listen(client, config, listener, signal) }),
    close: () => client.close(),
  }
}

const who = `d.oid::text as oid, d.datname as name from pg_database as d where d.datname = current_database()`

/**
 * The cluster's system identifier and the database in it: a copy that was restored elsewhere keeps the name
 * and changes the identifier. If the role may not read the identifier (some managed services), the database's
 * alone.
 */
function fingerprint(client: PostgresClient, context: CallContext): Promise<Fingerprint> {
  const cluster = '(select system_identifier from pg_control_system())::text'
  const ask = (number: string) =>
    client.read({ text: `select ${number} as cluster, ${who}`, values: [] }, context)
  return fingerprintFrom({
    read: async () => {
      const [row] = await ask(cluster).catch((problem: unknown) => {
        if (sqlState(problem) === '42501') return ask(`'-'`)
        throw problem
      })
      return row === undefined ? undefined : `${row.cluster}/${row.oid}/${row.name}`
    },
    missing: 'the database has no row for itself in pg_database',
    failureOf: failureWhile('Reading the identity of the database'),
  })
}

type Description = Awaited<ReturnType<NonNullable<ConnectedSystem['describe']>>>

/** Tables in the definition have the names of their resources, others their own. */
async function describe(
  { config, catalog }: { readonly config: PostgresConfig; readonly catalog: Catalog },
  names: readonly string[] | undefined,
  context: CallContext,
): Promise<Description> {
  const byTable = new Map(Object.entries(config.tables).map(([name, table]) => [table.table ?? name, name]))
  const resourceOf = (table: string): string => byTable.get(table) ?? table
  return knownOrUnknown(async () => {
    catalog.forget()
    const wanted = names ?? (await catalog.names(context)).map(resourceOf)
    const resources: ResourceDescription[] = []
    for (const name of wanted) {
      const settings = Object.hasOwn(config.tables, name) ? config.tables[name] : undefined
      const table = await catalog.table(settings?.table ?? name, context)
      const { key, columns } = settings ?? {}
      resources.push(describeTable({ name, key, columns, table, resourceOf }))
    }
    return { resources }
  }, failureWhile('Reading the catalogue'))
}

function failureWhile(doing: string): (problem: unknown) => CallFailure {
  return (problem) => (isIsthmusError(problem) ? callFailure(problem) : databaseFailure(problem, doing))
}
