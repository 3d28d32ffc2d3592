/** Notifications that Salesforce sends: outbound messages in SOAP, and change events in the form of Change Data Capture. */

/** One record in an outbound message. */
export interface Notified {
  readonly object: string
  readonly id: string
  readonly values?: Readonly<Record<string, string>>
  /** The notification keeps its id when it is repeated. */
  readonly notificationId: string
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** The body of an outbound message: up to 100 notifications of one object. */
export function outboundMessage(organizationId: string, notified: readonly Notified[]): string {
  const notifications = notified.map(({ object, id, values = {}, notificationId }) => {
    const fields = Object.entries(values).map(
      ([name, value]) => `     <sf:${name}>${escaped(value)}</sf:${name}>`,
    )
    return `   <Notification>
    <Id>${notificationId}</Id>
    <sObject xsi:type="sf:${object}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>${id}</sf:Id>
${fields.join('\n')}
    </sObject>
   </Notification>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organizationId}</OrganizationId>
   <ActionId>04k000000000001AAA</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://fake.my.salesforce.com/services/Soap/c/60.0/${organizationId.slice(0, 15)}</EnterpriseUrl>
   <PartnerUrl>https://fake.my.salesforce.com/services/Soap/u/60.0/${organizationId.slice(0, 15)}</PartnerUrl>
${notifications.join('\n')}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`
}

/** Sends an outbound message; true when the receiver acknowledged it in SOAP. Otherwise Salesforce would retry for 24 hours. */
export async function sendOutboundMessage(
  url: string,
  organizationId: string,
  notified: readonly Notified[],
): Promise<boolean> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' },
    body: outboundMessage(organizationId, notified),
  })
  const reply = await response.text()
  return response.ok && /<(?:\w+:)?Ack>\s*true\s*<\/(?:\w+:)?Ack>/.test(reply)
}

/** A change event as a relay forwards it. */
export function changeEvent(
  object: string,
  recordIds: readonly string[],
  changeType: string,
  atMs: number,
): Readonly<Record<string, unknown>> {
  return {
    schema: 'IeRuaY6cbI_HsV8Rv1Mc5g',
    payload: {
      ChangeEventHeader: {
        entityName: object,
        recordIds,
        changeType,
        changeOrigin: 'com/salesforce/api/rest/60.0',
        transactionKey: `0002${atMs.toString(16)}-0000-0000-0000-000000000000`,
        sequenceNumber: 1,
        commitTimestamp: atMs,
        commitNumber: atMs,
        commitUser: '005000000000001AAA',
        nulledFields: [],
        diffFields: [],
        changedFields: ['LastModifiedDate'],
      },
      LastModifiedDate: new Date(atMs).toISOString(),
    },
    event: { replayId: atMs % 1_000_000 },
  }
}
