/**
 * Events of SAP S/4HANA as SAP Event Mesh pushes them: CloudEvents, structured (`application/cloudevents+json`) or binary (`ce-` headers).
 *
 * Nothing is signed; the queue's push shows a credential that was agreed on, which proves who sends and not that the body is unaltered. That
 * is enough here, since an event only says where to look.
 */
import { parseJson } from '../../http/json.ts'
import type { ChangedRecord, WebhookDelivery, WebhookResult } from '../kit/contract.ts'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { webhookVerifier } from '../kit/webhook-verification.ts'
import type { SapS4Config } from './config.ts'

type Change = ChangedRecord & { readonly resource: string }

/** What an event's type names, and the resources that show such objects. The key has the object's name. */
const resourcesOf: Readonly<Record<string, readonly string[]>> = {
  BusinessPartner: ['BusinessPartner'],
  SalesOrder: ['SalesOrder', 'SalesOrderV4'],
}

/** Undefined when the section has no webhooks. */
export function bindEvents(
  config: SapS4Config['webhooks'],
): ((delivery: WebhookDelivery) => Promise<WebhookResult>) | undefined {
  if (config === undefined) return undefined
  const { secret, nextSecret, header, prefix } = config
  const secrets = [secret, ...(nextSecret === undefined ? [] : [nextSecret])]
  const verify = webhookVerifier({ kind: 'token', secrets, header, prefix })
  return (delivery) => {
    const verification = verify(delivery)
    if (!verification.ok) return Promise.resolve({ kind: 'refused', reason: verification.reason })
    return Promise.resolve(readEvent(delivery))
  }
}

function readEvent({ headers, body }: WebhookDelivery): WebhookResult {
  const parsed = parseJson(Buffer.from(body).toString('utf8'), { maxDepth: 32, numbers: 'lossless' })
  if (!parsed.ok || !isNativeRecord(parsed.value))
    return { kind: 'refused', reason: 'the body is no JSON object' }
  const isBinary = headers['ce-type'] !== undefined
  const type = isBinary ? headers['ce-type'] : textAt(parsed.value, ['type'])
  const id = isBinary ? headers['ce-id'] : textAt(parsed.value, ['id'])
  const source = isBinary ? headers['ce-source'] : textAt(parsed.value, ['source'])
  if (type === undefined || id === undefined)
    return { kind: 'refused', reason: 'the event has no type or id' }
  const changed = changesOf(type, isBinary ? parsed.value : parsed.value.data)
  if (changed === undefined) return { kind: 'refused', reason: 'the event names no record' }
  return { kind: 'accepted', deliveryId: `${source ?? ''} ${id}`, changed }
}

/** `sap.s4.beh.businesspartner.v1.BusinessPartner.Changed.v1`. Events about other objects are taken and tell nothing. */
function changesOf(type: string, data: unknown): readonly Change[] | undefined {
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
