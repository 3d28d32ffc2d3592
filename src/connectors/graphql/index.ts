/** The connector `graphql`: any GraphQL API from a manifest of documents. */

import { parseShare } from '../../model/definition/schema/text.ts'
import { UsageError } from '../../model/errors.ts'
import { connectClient } from '../kit/connection.ts'
import type { CallContext, ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { type Fingerprint, fingerprintFrom, knownOrUnknown } from '../kit/known.ts'
import { bindManifestWebhook } from '../kit/manifest/bind-webhooks.ts'
import { textAt } from '../kit/native.ts'
import { resourceNamed } from '../kit/resource-lookup.ts'
import { GraphqlClient } from './client.ts'
import { type GraphqlConfig, graphqlConfig, loadManifest } from './config.ts'
import { type GraphqlDocument, readDocument, readFragment } from './documents.ts'
import { fetchSchema, misfits } from './introspect.ts'
import { type Manifest, resourceSchema } from './manifests/manifest.ts'
import type { ResourceContext } from './operations/resource-context.ts'
import { bindResource, resourceContext } from './resources.ts'
import { describeResource } from './schema/describe.ts'

/** The connector as a definition names it. */
export const graphql = defineConnector({ name: 'graphql', config: graphqlConfig, connect })

/** How errors are interpreted where no resource is involved. */
const defaultErrors = resourceSchema.shape.errors.parse(undefined)

function connect(config: GraphqlConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies, timing } = binding
  const manifest = loadManifest(config.manifest, name, dependencies.baseDirectory)
  const webhook = bindManifestWebhook(name, manifest.webhooks, config.webhooks)
  const place = `systems.${name}.manifest`
  const account = accountDocument(manifest, `${place}.fingerprint.query`)
  const api = connectClient(config, binding)
  const reserve = config.limits?.reserve === undefined ? 0 : parseShare(config.limits.reserve)
  const client = new GraphqlClient({
    api,
    manifest,
    timing,
    clock: dependencies.clock,
    reserve: reserve ?? 0,
  })
  const contexts = new Map<string, ResourceContext>()
  for (const [resourceName, resource] of Object.entries(manifest.resources)) {
    const where = `${place}.resources.${resourceName}`
    contexts.set(resourceName, resourceContext(resourceName, resource, { place: where, client }))
  }
  const resources = new Map<string, Resource>([...contexts].map(([key, owner]) => [key, bindResource(owner)]))
  return {
    name,
    connector: 'graphql',
    resource: (resourceName) => resourceNamed(resources, resourceName, name),
    fingerprint: (context) => fingerprint(manifest, { account, url: config.url, client, context }),
    describe: (wanted, context) => describe(contexts, { name, wanted, client, context }),
    usage: () => Promise.resolve({ kind: 'known', quotas: client.budget.usage() }),
    ...(webhook === undefined ? {} : { webhook }),
    close: () => api.close(),
  }
}

function accountDocument({ fingerprint }: Manifest, place: string): GraphqlDocument | undefined {
  if (fingerprint === undefined) return undefined
  const fragment = readFragment('Query', '__typename', place)
  return readDocument({ place, text: fingerprint.query, operation: 'query', fragment })
}

interface Asking {
  readonly account: GraphqlDocument | undefined
  readonly url: string
  readonly client: GraphqlClient
  readonly context: CallContext
}

/** The account as the API reports it; without such a query, the address identifies it. */
async function fingerprint(
  { fingerprint: source }: Manifest,
  { account, url, client, context }: Asking,
): Promise<Fingerprint> {
  if (source === undefined || account === undefined) return { kind: 'known', value: url }
  return fingerprintFrom({
    read: async () => {
      const sending = { document: account, variables: {}, rules: defaultErrors, context }
      const { data, problems } = await client.send(sending)
      return problems.length > 0 ? undefined : textAt(data, source.value)
    },
    missing: `the account has no id at ${source.value.join('.')}`,
  })
}

interface Describing {
  /** The system's name. */
  readonly name: string
  readonly wanted: readonly string[] | undefined
  readonly client: GraphqlClient
  readonly context: CallContext
}

/**
 * The schema by introspection. A manifest whose documents do not match it can't work, so the mismatch is then
 * the result.
 */
async function describe(
  contexts: ReadonlyMap<string, ResourceContext>,
  { name, wanted, client, context }: Describing,
): ReturnType<NonNullable<ConnectedSystem['describe']>> {
  const owners =
    wanted === undefined ? [...contexts.values()] : wanted.map((one) => resourceNamed(contexts, one, name))
  return knownOrUnknown(async () => {
    const schema = await fetchSchema(client, defaultErrors, context)
    const wrong = owners.flatMap(({ documents }) => misfits(schema, Object.values(documents)))
    if (wrong.length > 0) throw new UsageError('CONNECTOR_CONFIG_INVALID', wrong.slice(0, 5).join(' '))
    const described = owners.map((owner) => describeResource(schema, owner))
    return { resources: described.filter((one) => one !== undefined) }
  })
}
