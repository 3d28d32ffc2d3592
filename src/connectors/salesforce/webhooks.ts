/**
 * Notices of changes: outbound messages, and change events of a relay. Neither is signed, so the sender
 * authenticates with a secret: outbound messages in the address (`/hooks/crm?token=…`), since Salesforce
 * allows nothing else to be set, relays with a bearer token. The values in a notice are never used; it names
 * records, and they are read by id.
 */
import { createHash } from 'node:crypto'
import { activeSecrets, bindWebhook, refused } from '../kit/bind-webhook.ts'
import type { ConnectedSystem, WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { webhookVerifier } from '../kit/webhook-verification.ts'
import { parseChangeEvents } from './change-event.ts'
import type { SalesforceConfig } from './config.ts'
import { acknowledgement, parseOutboundMessage } from './outbound-message.ts'

type Settings = NonNullable<SalesforceConfig['webhooks']>

/** Undefined when the definition has no secret for them. */
export function bindWebhooks(settings: SalesforceConfig['webhooks']): ConnectedSystem['webhook'] {
  if (settings === undefined) return undefined
  const secrets = activeSecrets(settings)
  const verify = webhookVerifier({ kind: 'token', secrets, header: 'authorization', prefix: 'Bearer ' })
  return bindWebhook(
    (delivery) => verify(withTokenAsHeader(delivery)),
    (delivery) => (isXml(delivery) ? outboundVerdict(settings, delivery) : eventsVerdict(delivery)),
  )
}

function withTokenAsHeader(delivery: WebhookDelivery): WebhookDelivery {
  const token = delivery.query?.token
  return token === undefined ? delivery : { ...delivery, headers: { authorization: `Bearer ${token}` } }
}

function isXml({ headers, body }: WebhookDelivery): boolean {
  if (/^(?:text|application)\/(?:soap\+)?xml/i.test(headers['content-type'] ?? '')) return true
  return /^\s*<\?xml/.test(Buffer.from(body.subarray(0, 64)).toString('latin1'))
}

function outboundVerdict({ organizationId }: Settings, delivery: WebhookDelivery): WebhookResult {
  const message = parseOutboundMessage(delivery.body)
  if (message === undefined) return refused('the body is not an outbound message')
  // One may have 15 characters and the other 18.
  if (organizationId !== undefined && message.organizationId.slice(0, 15) !== organizationId.slice(0, 15)) {
    return refused('the message is of another org')
  }
  const { notified } = message
  return {
    kind: 'accepted',
    // A notification keeps its id when it is sent again.
    deliveryId: digest(notified.map(({ notificationId }) => notificationId).sort()),
    changed: notified.map(({ object, nativeId }) => ({ resource: object, nativeId })),
    response: { contentType: 'text/xml; charset=utf-8', body: acknowledgement },
  }
}

function eventsVerdict(delivery: WebhookDelivery): WebhookResult {
  const events = parseChangeEvents(delivery.body)
  if (events === undefined) return refused('the body holds no change events')
  // Without positions, the hash of the bytes identifies it.
  const deliveryId = digest(events.positions ?? [Buffer.from(delivery.body).toString('base64')])
  return { kind: 'accepted', deliveryId, changed: events.changed }
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
