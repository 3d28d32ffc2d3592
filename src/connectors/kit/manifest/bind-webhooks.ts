/** Deliveries of a declarative connector, verified and read as its manifest declares. */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { UsageError } from '../../../model/errors.ts'
import { activeSecrets, bindWebhook, jsonBody, refused } from '../bind-webhook.ts'
import type { ChangeOfResource, ConnectedSystem, WebhookDelivery, WebhookResult } from '../contract.ts'
import { textAt, valueAt } from '../native.ts'
import { type WebhookScheme, webhookVerifier } from '../webhook-verification.ts'
import type { webhookSecretsSchema } from './load-manifest.ts'
import type { WebhooksManifest } from './webhooks.ts'

const eventsMax = 10_000

/**
 * Returns undefined without webhooks. @throws UsageError CONNECTOR_CONFIG_INVALID when secrets are set but
 * the manifest has no webhooks
 */
export function bindManifestWebhook(
  name: string,
  manifest: WebhooksManifest | undefined,
  config: z.output<typeof webhookSecretsSchema>,
): ConnectedSystem['webhook'] {
  const secrets = activeSecrets(config)
  if (manifest === undefined || secrets.length === 0) {
    if (manifest === undefined && secrets.length === 0) return undefined
    // A manifest may declare webhooks that this integration doesn't use; a secret without a manifest is a
    // mistake.
    if (manifest !== undefined) return undefined
    throw new UsageError(
      'CONNECTOR_CONFIG_INVALID',
      `systems.${name}.webhooks: there is a secret, but the manifest does not say how deliveries are signed and read (webhooks).`,
    )
  }
  const verify = webhookVerifier(schemeOf(manifest, secrets))
  return bindWebhook(verify, (delivery, signedId) => readDelivery(manifest, delivery, signedId))
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
  const body = jsonBody(delivery)
  if (body === undefined) return refused('the body is not JSON')
  const listed = manifest.events === undefined ? [body.value] : valueAt(body.value, manifest.events)
  if (!Array.isArray(listed)) return refused('the body has no list of events')
  if (listed.length > eventsMax) return refused('the delivery has too many events')
  const changed: ChangeOfResource[] = []
  for (const event of listed) {
    // If it were refused as a whole, the delivery would be sent again and again, and its other events would
    // eventually be lost.
    const change = changeOf(manifest, event)
    if (change !== undefined) changed.push(change)
  }
  if (changed.length === 0 && listed.length > 0) return refused('no event has a resource and an id')
  const deliveryId = signedId ?? deliveryIdOf(manifest, delivery, body.value)
  return { kind: 'accepted', deliveryId, changed }
}

function changeOf(manifest: WebhooksManifest, event: unknown): ChangeOfResource | undefined {
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

/** For schemes without a delivery id: the id that the manifest names, otherwise a hash of the bytes. */
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
