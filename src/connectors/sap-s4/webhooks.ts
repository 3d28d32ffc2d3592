/**
 * Events of SAP S/4HANA as SAP Event Mesh pushes them: CloudEvents, structured
 * (`application/cloudevents+json`) or binary (`ce-` headers).
 *
 * Nothing is signed; the queue's push presents an agreed credential, which proves the sender but not that the
 * body is unaltered. That is sufficient here, since an event only says what to read.
 */
import { activeSecrets, bindWebhook, jsonBody, refused } from '../kit/bind-webhook.ts'
import type { ChangeOfResource, ConnectedSystem, WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { webhookVerifier } from '../kit/webhook-verification.ts'
import type { SapS4Config } from './config.ts'

/** The object in an event's type, and the resources that show such objects. The key is the object's name. */
const resourcesOf: Readonly<Record<string, readonly string[]>> = {
  BusinessPartner: ['BusinessPartner'],
  SalesOrder: ['SalesOrder', 'SalesOrderV4'],
}

/** Undefined when the section has no webhooks. */
export function bindWebhooks(config: SapS4Config['webhooks']): ConnectedSystem['webhook'] {
  if (config === undefined) return undefined
  const { header, prefix } = config
  return bindWebhook(
    webhookVerifier({ kind: 'token', secrets: activeSecrets(config), header, prefix }),
    readEvent,
  )
}

function readEvent(delivery: WebhookDelivery): WebhookResult {
  const { headers } = delivery
  const body = jsonBody(delivery)?.value
  if (!isNativeRecord(body)) return refused('the body is not a JSON object')
  const isBinary = headers['ce-type'] !== undefined
  const type = isBinary ? headers['ce-type'] : textAt(body, ['type'])
  const id = isBinary ? headers['ce-id'] : textAt(body, ['id'])
  const source = isBinary ? headers['ce-source'] : textAt(body, ['source'])
  if (type === undefined || id === undefined) return refused('the event has no type or id')
  const changed = changesOf(type, isBinary ? body : body.data)
  if (changed === undefined) return refused('the event names no record')
  return { kind: 'accepted', deliveryId: `${source ?? ''} ${id}`, changed }
}

/**
 * `sap.s4.beh.businesspartner.v1.BusinessPartner.Changed.v1`. Events about other objects are accepted and
 * change nothing.
 */
function changesOf(type: string, data: unknown): readonly ChangeOfResource[] | undefined {
  const [, object = '', verb] = /\.([A-Za-z]+)\.([A-Za-z]+)\.v\d+$/.exec(type) ?? []
  const resources = Object.hasOwn(resourcesOf, object) ? resourcesOf[object] : undefined
  if (resources === undefined) return []
  const nativeId = textAt(data, [object])
  if (nativeId === undefined) return undefined
  return resources.map((resource) => ({
    resource,
    nativeId,
    ...(verb === 'Deleted' ? { deleted: true } : {}),
  }))
}
