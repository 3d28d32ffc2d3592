/**
 * Outbound messages: SOAP that Salesforce posts when triggered by a workflow rule or flow. Up to 100
 * notifications of one object, sent again for 24 hours until they are acknowledged in SOAP. Only ids are read
 * from them.
 *
 * The text is untrusted: documents with a DOCTYPE are refused before parsing, so there are no entities to
 * expand, and the limits on the body and on nesting apply.
 */
import { XMLParser } from 'fast-xml-parser'
import { isNativeRecord, textAt } from '../kit/native.ts'
import { wholeId } from './record.ts'

/** Contents of an outbound message. */
export interface OutboundMessage {
  readonly organizationId: string
  readonly notified: readonly {
    readonly notificationId: string
    readonly object: string
    readonly nativeId: string
  }[]
}

const bytesMax = 4 * 1024 * 1024
const notificationsMax = 100

const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => name === 'Notification',
})

/** Undefined when the text is not an outbound message. Never throws. */
export function parseOutboundMessage(body: Uint8Array): OutboundMessage | undefined {
  if (body.byteLength > bytesMax) return undefined
  const text = Buffer.from(body).toString('utf8')
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) return undefined
  // The parser tolerates truncated text. If it were acknowledged, the missing notifications would not be sent
  // again.
  if (!/<\/(?:[\w.-]+:)?Envelope\s*>\s*$/.test(text)) return undefined
  try {
    return messageIn(parser.parse(text))
  } catch {
    // A text that the parser rejects is not a message of Salesforce's.
    return undefined
  }
}

function messageIn(document: unknown): OutboundMessage | undefined {
  const message = child(child(child(document, 'Envelope'), 'Body'), 'notifications')
  const organizationId = textAt(message, ['OrganizationId'])
  const entries = isNativeRecord(message) ? message.Notification : undefined
  if (organizationId === undefined || !Array.isArray(entries) || entries.length > notificationsMax)
    return undefined
  const notified = entries.map((entry: unknown) => {
    const record = child(entry, 'sObject')
    // `sf:Account`: the prefix is the one that the document bound to the enterprise namespace.
    const object = textAt(record, ['@type'])?.split(':').at(-1)
    return { notificationId: textAt(entry, ['Id']), object, nativeId: wholeId(textAt(record, ['Id']) ?? '') }
  })
  const whole = notified.flatMap(({ notificationId, object, nativeId }) =>
    notificationId === undefined || object === undefined || nativeId === undefined
      ? []
      : [{ notificationId, object, nativeId }],
  )
  // A notification without a record is acknowledged with the others; if refused, all of them would be sent
  // again for a day.
  return whole.length === 0 && entries.length > 0 ? undefined : { organizationId, notified: whole }
}

function child(value: unknown, name: string): unknown {
  return isNativeRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** The acknowledgement that Salesforce expects; after any other response it sends the message again. */
export const acknowledgement =
  '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>'
