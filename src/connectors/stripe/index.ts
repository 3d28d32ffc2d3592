/**
 * The connector `stripe`: customers, products, prices, payment intents, invoices and charges of one Stripe
 * account.
 */
import { durationMs } from '../../model/definition/duration.ts'
import type { ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { fingerprintFrom } from '../kit/known.ts'
import { textAt } from '../kit/native.ts'
import { resourceNamed } from '../kit/resource-lookup.ts'
import { catalogue } from './catalogue.ts'
import { connectStripe, modeOf, stripeClient } from './client.ts'
import { type StripeConfig, stripeConfig } from './config.ts'
import { stripeFailure, stripeRules } from './errors.ts'
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
    resource: (resourceName) => resourceNamed(resources, resourceName, name),
    // An account has its live and its test records under the same id.
    fingerprint: (context) =>
      fingerprintFrom({
        read: async () => {
          const { data } = await client.read({ route: '/v1/account' }, {}, context)
          const account = textAt(data, ['id'])
          return account === undefined ? undefined : `${account} ${modeOf(config.auth.token)}`
        },
        failureOf: stripeFailure,
      }),
    ...(webhook === undefined ? {} : { webhook }),
    close: () => api.close(),
  }
}
