/** Simulated actions of sales people in the org of this example, and the messages that Salesforce sends about them. */
import { sendOutboundMessage } from '../../test/support/salesforce/outbound.ts'
import { hookSecret, openSalesforceAndSap, type SalesforceAndSap } from '../harness/salesforce-and-sap.ts'

export interface Sales extends SalesforceAndSap {
  /** Enters an opportunity; its name tells it from all others. */
  open(name: string, stage: Stage): string
  /** It is won, lost or opened again. */
  move(id: string, stage: Stage): void
  /** Sends an outbound message about an opportunity. The same `notification` again is the same message again. */
  notify(id: string, notification: number): Promise<boolean>
}

export type Stage = 'Prospecting' | 'Negotiation/Review' | 'Closed Won' | 'Closed Lost'

const customersMax = 20

export async function openSales(hooks: string): Promise<Sales> {
  const both = await openSalesforceAndSap()
  const { org } = both.crm
  const accounts: string[] = []
  for (let n = 1; n <= customersMax; n += 1)
    accounts.push(org.create('Account', { Name: `Customer ${n}`, AccountNumber: `C-${n}` }))
  let opened = 0
  return {
    ...both,
    open: (name, stage) => {
      opened += 1
      return org.create('Opportunity', {
        Name: name,
        AccountId: accounts[opened % customersMax],
        StageName: stage,
        CloseDate: `2027-0${1 + (opened % 9)}-15`,
        Amount: `${100 + opened}.50`,
      })
    },
    move: (id, stage) => org.update('Opportunity', id, { StageName: stage }),
    notify: (id, notification) =>
      sendOutboundMessage(`${hooks}/crm?token=${hookSecret}`, org.id, [
        {
          object: 'Opportunity',
          id,
          notificationId: `04l${id.slice(3, 12)}${String(notification).padStart(6, '0')}`,
        },
      ]),
  }
}
