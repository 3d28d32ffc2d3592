/** The connector `stripe`: customers, products, prices, payment intents, invoices and charges of one Stripe account. */
import { suggestion } from '../../model/definition/nearest.ts'
import { durationMs } from '../../model/definition/schema/text.ts'
import { UsageError } from '../../model/errors.ts'
import type { CallContext, ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { textAt } from '../kit/native.ts'
import { catalogue } from './catalogue.ts'
import { connectStripe, modeOf, type StripeClient, stripeClient } from './client.ts'
import { type StripeConfig, stripeConfig } from './config.ts'
import { stripeFailure, stripeRules } from './errors.ts'
import { unusable } from './record.ts'
import { bindResource } from './resources.ts'
import { bindWebhooks } from './webhooks.ts'

/** The connector as a definition names it. */
export const stripe = defineConnector({ name: 'stripe', config: stripeConfig, connect })

function connect(config: StripeConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies, timing } = binding
  const api = connectStripe(config, binding)
  const client = stripeClient(api, timing)
  const resources = new Map<string, Resource>(
    catalogue.map((resource) => [
      resource.name,
      bindResource({
        resource,
        client,
        rules: stripeRules(resource.idParameters),
        amounts: config.amounts,
        marker: config.marker,
        expand: config.expand?.[resource.name] ?? [],
        pageSize: config.pageSize,
        searchLagMs: durationMs(config.searchLag) ?? 3_600_000,
        clock: dependencies.clock,
      }),
    ]),
  )
  const webhook = bindWebhooks(config)
  return {
    name,
    connector: 'stripe',
    resource: (resourceName) => {
      const resource = resources.get(resourceName)
      if (resource !== undefined) return resource
      const hint = suggestion(resourceName, resources.keys())
      throw new UsageError(
        'CONNECTOR_RESOURCE_UNKNOWN',
        `The system ${name} has no resource "${resourceName}"${hint === undefined ? '' : ` (${hint})`}.`,
      )
    },
    fingerprint: (context) => fingerprint(config, client, context),
    ...(webhook === undefined ? {} : { webhook }),
    close: () => api.close(),
  }
}

type Fingerprint = Awaited<ReturnType<ConnectedSystem['fingerprint']>>

/** The account and the mode: one account has its live and its test records under the same id. */
async function fingerprint(
  { auth }: StripeConfig,
  client: StripeClient,
  context: CallContext,
): Promise<Fingerprint> {
  try {
    const response = await client.read({ route: '/v1/account' }, {}, context)
    const account = textAt(response.data, ['id'])
    if (account === undefined) throw unusable('the account has no id')
    return { kind: 'known', value: `${account} ${modeOf(auth.token)}` }
  } catch (error) {
    return { kind: 'unknown', failure: stripeFailure(error) }
  }
}
