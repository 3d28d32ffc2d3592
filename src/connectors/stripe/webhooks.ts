/** Deliveries of Stripe: the records that an event concerns. Its signature is checked in `signature.ts`. */
import { durationMs } from '../../model/definition/duration.ts'
import { activeSecrets, bindWebhook, jsonBody, refused } from '../kit/bind-webhook.ts'
import type { ConnectedSystem, WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { modeOf } from './client.ts'
import type { StripeConfig } from './config.ts'
import { changesOf } from './events.ts'
import { signatureVerifier } from './signature.ts'

/** Undefined when the system has no webhooks. */
export function bindWebhooks(config: StripeConfig): ConnectedSystem['webhook'] {
  const { webhooks } = config
  if (webhooks === undefined) return undefined
  const verify = signatureVerifier({
    secrets: activeSecrets(webhooks),
    toleranceMs: durationMs(webhooks.tolerance) ?? 300_000,
  })
  return bindWebhook(verify, (delivery) => readEvent(delivery, config))
}

function readEvent(delivery: WebhookDelivery, config: StripeConfig): WebhookResult {
  const event = jsonBody(delivery)?.value
  if (event === undefined) return refused('the body is not JSON')
  const deliveryId = textAt(event, ['id'])
  if (deliveryId === undefined) return refused('the event has no id')
  // A platform's endpoint also receives events of its connected accounts and of both modes. Those of others
  // are accepted and have no effect.
  return { kind: 'accepted', deliveryId, changed: isOurs(event, config) ? changesOf(event) : [] }
}

function isOurs(event: unknown, { account, auth }: StripeConfig): boolean {
  if (!isNativeRecord(event)) return false
  const from = textAt(event, ['account'])
  if (from !== account) return false
  return typeof event.livemode !== 'boolean' || event.livemode === (modeOf(auth.token) === 'live')
}
