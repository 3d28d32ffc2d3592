/** The connector `salesforce`: an org's objects through the REST API, Bulk API 2.0 and outbound messages. */
import { UsageError } from '../../model/errors.ts'
import { connectClient } from '../kit/connection.ts'
import type { ConnectedSystem, Resource } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { fingerprintFrom, knownOrUnknown } from '../kit/known.ts'
import { textAt } from '../kit/native.ts'
import { salesforceClient } from './client.ts'
import { resourceConfig, type SalesforceConfig, salesforceConfig } from './config.ts'
import { describeObjects } from './describe.ts'
import { readFailure } from './errors.ts'
import { bindResource } from './resources.ts'
import { Schemas } from './schema.ts'
import { readUsage } from './usage.ts'
import { bindWebhooks } from './webhooks.ts'

/** The connector as a definition names it. */
export const salesforce = defineConnector({ name: 'salesforce', config: salesforceConfig, connect })

function connect(config: SalesforceConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies, timing } = binding
  const { clock } = dependencies
  const api = connectClient(config, binding)
  const client = salesforceClient(api, {
    apiVersion: config.apiVersion,
    timing,
    monotonic: () => clock.monotonic(),
  })
  const schemas = new Schemas(client, () => clock.monotonic())
  const webhook = bindWebhooks(config.webhooks)
  const resources = new Map<string, Resource>()
  const bind = (object: string): Resource => {
    const owner = {
      object,
      config: resourceConfig(config, object),
      bulk: config.bulk,
      commitLagMs: config.commitLag,
      client,
      schemas,
      clock,
    }
    return bindResource(owner, config.inflight)
  }
  // Mistakes in settings are reported at once, not when their object is first used.
  for (const object of Object.keys(config.resources)) resources.set(object, bind(object))
  return {
    name,
    connector: 'salesforce',
    resource: (object) => {
      const known = resources.get(object) ?? bind(nameOfObject(name, object))
      resources.set(object, known)
      return known
    },
    // Production and each sandbox have different ids.
    fingerprint: (context) =>
      fingerprintFrom({
        read: async () => {
          const { rows } = await client.query('SELECT Id FROM Organization', context)
          return textAt(rows[0], ['Id'])
        },
        missing: 'the organization has no Id',
        failureOf: readFailure,
      }),
    describe: (objects, context) =>
      knownOrUnknown(
        async () => ({ resources: await describeObjects(client, schemas, objects, context) }),
        readFailure,
      ),
    usage: (context) =>
      knownOrUnknown(
        async () => ({ quotas: await readUsage(client, () => clock.now(), context) }),
        readFailure,
      ),
    ...(webhook === undefined ? {} : { webhook }),
    close: () => api.close(),
  }
}

/** The org decides whether an object exists; only invalid names are refused here. */
function nameOfObject(system: string, object: string): string {
  if (/^[A-Za-z][A-Za-z0-9_]{0,79}$/.test(object)) return object
  throw new UsageError(
    'CONNECTOR_RESOURCE_UNKNOWN',
    `The system ${system} can't have an object "${object}": write its API name, such as Account or Invoice__c.`,
  )
}
