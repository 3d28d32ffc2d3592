/** The connector `rest`: any JSON API from a manifest. */
import { suggestion } from '../../model/definition/nearest.ts'
import { UsageError } from '../../model/errors.ts'
import { connectClient } from '../kit/connection.ts'
import type { CallContext, ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { textAt } from '../kit/native.ts'
import { callFailure } from '../kit/outcome.ts'
import { quotasOf } from '../kit/quotas.ts'
import { type RestClient, restClient } from './client.ts'
import { loadManifest, type RestConfig, restConfig } from './config.ts'
import type { Manifest } from './manifests/manifest.ts'
import { TagForm } from './operations/precondition.ts'
import { unusable } from './operations/record.ts'
import { bindResource, outcomeRules } from './resources.ts'
import { bindWebhooks } from './webhooks.ts'

/** The connector as a definition names it. */
export const rest = defineConnector({ name: 'rest', config: restConfig, connect })

function connect(config: RestConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies, timing } = binding
  const manifest = loadManifest(config.manifest, name, dependencies.baseDirectory)
  const webhook = bindWebhooks(name, manifest.webhooks, config.webhooks)
  const api = connectClient(config, binding)
  const client = restClient(api, timing)
  const resources = new Map<string, Resource>()
  for (const [resourceName, resource] of Object.entries(manifest.resources)) {
    const item = resource.item ?? `${resource.path}/{id}`
    const owner = {
      name: resourceName,
      resource,
      item,
      rules: outcomeRules(resource),
      tags: new TagForm(),
      clock: dependencies.clock,
    }
    const own = resource.mediaType === undefined ? client : restClient(api, timing, resource.mediaType)
    resources.set(resourceName, bindResource({ ...owner, client: own }))
  }
  return {
    name,
    connector: 'rest',
    resource: (resourceName) => {
      const resource = resources.get(resourceName)
      if (resource !== undefined) return resource
      const hint = suggestion(resourceName, resources.keys())
      throw new UsageError(
        'CONNECTOR_RESOURCE_UNKNOWN',
        `The system ${name} has no resource "${resourceName}"${hint === undefined ? '' : ` (${hint})`}.`,
      )
    },
    fingerprint: (context) => fingerprint(manifest, config.url, client, context),
    usage: async () => ({ kind: 'known', quotas: quotasOf(api, dependencies.clock) }),
    ...(webhook === undefined ? {} : { webhook }),
    close: () => api.close(),
  }
}

type Fingerprint = Awaited<ReturnType<ConnectedSystem['fingerprint']>>

/** What the API says about the account; without such a path the address stands for it. */
async function fingerprint(
  { fingerprint: source }: Manifest,
  url: string,
  client: RestClient,
  context: CallContext,
): Promise<Fingerprint> {
  if (source === undefined) return { kind: 'known', value: url }
  try {
    const response = await client.read(source.path, {}, context)
    const value = textAt(response.data, source.value)
    if (value === undefined) throw unusable(`the account has no id at ${source.value.join('.')}`)
    return { kind: 'known', value }
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}
