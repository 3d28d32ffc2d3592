/** Verifies a delivery over its raw bytes and reads from it which records changed: never their data. */

import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { parseJson } from '../../../http/json.ts'
import { UsageError } from '../../../model/errors.ts'
import type { ChangedRecord, WebhookDelivery, WebhookResult } from '../contract.ts'
import { textAt, valueAt } from '../native.ts'
import { type WebhookScheme, webhookVerifier } from '../webhook-verification.ts'
import type { webhookSecretsSchema } from './load-manifest.ts'
import type { WebhooksManifest } from './webhooks.ts'

type Change = ChangedRecord & { readonly resource: string }

const eventsMax = 10_000

/** Undefined when the system has no webhooks. @throws UsageError CONNECTOR_CONFIG_INVALID when only one half of them is given */
export function bindWebhooks(
  name: string,
  manifest: WebhooksManifest | undefined,
  config: z.output<typeof webhookSecretsSchema>,
): ((delivery: WebhookDelivery) => Promise<WebhookResult>) | undefined {
  const secrets = [config?.secret, config?.nextSecret].filter((secret) => secret !== undefined)
  if (manifest === undefined || secrets.length === 0) {
    if (manifest === undefined && secrets.length === 0) return undefined
    // A manifest may know of webhooks that this integration doesn't use; a secret without a manifest is a mistake.
    if (manifest !== undefined) return undefined
    throw new UsageError(
      'CONNECTOR_CONFIG_INVALID',
      `systems.${name}.webhooks: there is a secret, but the manifest does not say how deliveries are signed and read (webhooks).`,
    )
  }
  const verify = webhookVerifier(schemeOf(manifest, secrets))
  return async (delivery) => {
    const verification = verify(delivery)
    if (!verification.ok) return { kind: 'refused', reason: verification.reason }
    return readDelivery(manifest, delivery, verification.deliveryId)
  }
}

function schemeOf({ scheme }: WebhooksManifest, secrets: readonly string[]): WebhookScheme {
  const tolerance =
    'tolerance' in scheme && scheme.tolerance !== undefined ? { toleranceMs: scheme.tolerance } : {}
  if (scheme.kind === 'standard') return { kind: 'standard', secrets, ...tolerance }
  if (scheme.kind === 'token') return { kind: 'token', secrets, header: scheme.header, prefix: scheme.prefix }
  const { header, algorithm, encoding, prefix, timestampHeader } = scheme
  const stamped = timestampHeader === undefined ? {} : { timestampHeader }
  return { kind: 'hmac', secrets, header, algorithm, encoding, prefix, ...stamped, ...tolerance }
}

function readDelivery(
  manifest: WebhooksManifest,
  delivery: WebhookDelivery,
  signedId: string | undefined,
): WebhookResult {
  const parsed = parseJson(Buffer.from(delivery.body).toString('utf8'), { maxDepth: 64, numbers: 'lossless' })
  if (!parsed.ok) return { kind: 'refused', reason: 'the body is not JSON' }
  const listed = manifest.events === undefined ? [parsed.value] : valueAt(parsed.value, manifest.events)
  if (!Array.isArray(listed)) return { kind: 'refused', reason: 'the body has no list of events' }
  if (listed.length > eventsMax) return { kind: 'refused', reason: 'the delivery has too many events' }
  const changed: Change[] = []
  for (const event of listed) {
    // Refused as a whole, the delivery would be sent again and again, and the other events of it would be lost in the end.
    const change = changeOf(manifest, event)
    if (change !== undefined) changed.push(change)
  }
  if (changed.length === 0 && listed.length > 0)
    return { kind: 'refused', reason: 'no event has a resource and an id' }
  const deliveryId = signedId ?? deliveryIdOf(manifest, delivery, parsed.value)
  return { kind: 'accepted', deliveryId, changed }
}

function changeOf(manifest: WebhooksManifest, event: unknown): Change | undefined {
  const nativeId = textAt(event, manifest.id)
  const resource = resourceOf(manifest, event)
  if (nativeId === undefined || resource === undefined) return undefined
  const version = manifest.version === undefined ? undefined : textAt(event, manifest.version)
  return {
    resource,
    nativeId,
    ...(version === undefined ? {} : { version }),
    ...(isDeletion(manifest, event) ? { deleted: true } : {}),
  }
}

function resourceOf({ resource }: WebhooksManifest, event: unknown): string | undefined {
  if ('fixed' in resource) return resource.fixed
  const text = textAt(event, resource.path)
  if (text === undefined) return undefined
  const end = resource.before === undefined ? -1 : text.indexOf(resource.before)
  const name = end === -1 ? text : text.slice(0, end)
  return Object.hasOwn(resource.names, name) ? resource.names[name] : name
}

function isDeletion({ deleted }: WebhooksManifest, event: unknown): boolean {
  if (deleted === undefined) return false
  const text = textAt(event, deleted.path)
  if (text === undefined) return false
  if (deleted.endsWith !== undefined && text.endsWith(deleted.endsWith)) return true
  return deleted.equals !== undefined && text === String(deleted.equals)
}

/** Schemes without an id of their own: named by the manifest, else the bytes stand for themselves. */
function deliveryIdOf(
  { delivery: source }: WebhooksManifest,
  delivery: WebhookDelivery,
  body: unknown,
): string {
  const named =
    source === undefined
      ? undefined
      : 'header' in source
        ? delivery.headers[source.header]
        : textAt(body, source.path)
  return named ?? createHash('sha256').update(delivery.body).digest('base64url')
}
