/** The connector `rest`: any JSON API from a manifest. */
import { connectClient } from '../kit/connection.ts'
import type { CallContext, ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { type Fingerprint, fingerprintFrom } from '../kit/known.ts'
import { bindManifestWebhook } from '../kit/manifest/bind-webhooks.ts'
import { textAt } from '../kit/native.ts'
import { quotasOf } from '../kit/quotas.ts'
import { resourceNamed } from '../kit/resource-lookup.ts'
import { type RestClient, restClient } from './client.ts'
import { loadManifest, type RestConfig, restConfig } from './config.ts'
import type { Manifest } from './manifests/manifest.ts'
import { TagForm } from './operations/precondition.ts'
import { bindResource, outcomeRules } from './resources.ts'

/** The connector as a definition names it. */
export const rest = defineConnector({ name: 'rest', config: restConfig, connect })

function connect(config: RestConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies, timing } = binding
  const manifest = loadManifest(config.manifest, name, dependencies.baseDirectory)
  const webhook = bindManifestWebhook(name, manifest.webhooks, config.webhooks)
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
    resource: (resourceName) => resourceNamed(resources, resourceName, name),
    fingerprint: (context) => fingerprint(manifest, config.url, client, context),
    usage: async () => ({ kind: 'known', quotas: quotasOf(api, dependencies.clock) }),
    ...(webhook === undefined ? {} : { webhook }),
    close: () => api.close(),
  }
}

/** The account as the API reports it; without such a path, the address identifies it. */
async function fingerprint(
  { fingerprint: source }: Manifest,
  url: string,
  client: RestClient,
  context: CallContext,
): Promise<Fingerprint> {
  if (source === undefined) return { kind: 'known', value: url }
  return fingerprintFrom({
    read: async () => textAt((await client.read(source.path, {}, context)).data, source.value),
    missing: `the account has no id at ${source.value.join('.')}`,
  })
}
