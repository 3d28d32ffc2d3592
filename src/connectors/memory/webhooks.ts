/** Deliveries of the system in memory: Standard Webhooks with a list of changes. */
import { z } from 'zod'
import { activeSecrets, bindWebhook, jsonBody, refused } from '../kit/bind-webhook.ts'
import type { ConnectedSystem, WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { webhookVerifier } from '../kit/webhook-verification.ts'
import type { MemoryConfig } from './config.ts'

const bodySchema = z.strictObject({
  changed: z
    .array(
      z.strictObject({
        resource: z.string(),
        nativeId: z.string(),
        version: z.string().optional(),
        deleted: z.boolean().optional(),
      }),
    )
    .max(10_000),
})

/** Undefined when the system has no webhooks. */
export function bindWebhooks(config: MemoryConfig['webhooks']): ConnectedSystem['webhook'] {
  if (config === undefined) return undefined
  return bindWebhook(webhookVerifier({ kind: 'standard', secrets: activeSecrets(config) }), readChanges)
}

function readChanges(delivery: WebhookDelivery, signedId: string | undefined): WebhookResult {
  const body = bodySchema.safeParse(jsonBody(delivery)?.value).data
  if (body === undefined) return refused('the body is not a list of changes')
  const changed = body.changed.map(({ resource, nativeId, version, deleted }) => ({
    resource,
    nativeId,
    ...(version === undefined ? {} : { version }),
    ...(deleted === true ? { deleted } : {}),
  }))
  return { kind: 'accepted', deliveryId: signedId ?? '', changed }
}
