/** Deliveries of the system in memory: Standard Webhooks around a list of changes. */
import { z } from 'zod'
import { parseJson } from '../../http/json.ts'
import type { WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { webhookVerifier } from '../kit/webhook-verification.ts'

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

/** Makes the check and the reading of deliveries under a secret. */
export function bindMemoryWebhooks(secret: string): (delivery: WebhookDelivery) => Promise<WebhookResult> {
  const verify = webhookVerifier({ kind: 'standard', secrets: [secret] })
  return async (delivery) => {
    const verification = verify(delivery)
    if (!verification.ok) return { kind: 'refused', reason: verification.reason }
    const parsed = parseJson(Buffer.from(delivery.body).toString('utf8'), { maxDepth: 8, numbers: 'double' })
    const body = parsed.ok ? bodySchema.safeParse(parsed.value).data : undefined
    if (body === undefined) return { kind: 'refused', reason: 'the body is not a list of changes' }
    const changed = body.changed.map(({ resource, nativeId, version, deleted }) => ({
      resource,
      nativeId,
      ...(version === undefined ? {} : { version }),
      ...(deleted === true ? { deleted } : {}),
    }))
    return { kind: 'accepted', deliveryId: verification.deliveryId ?? '', changed }
  }
}
