/** Access to the two systems for the simulated users of this example, and change notifications of Salesforce. */
import { sendOutboundMessage } from '../../test/support/salesforce/outbound.ts'
import { hookSecret, openSalesforceAndSap, type SalesforceAndSap } from '../harness/salesforce-and-sap.ts'

export interface Customers extends SalesforceAndSap {
  /** Accounts that exist. */
  accounts(): readonly AccountRow[]
  /** Tells Isthmus of an account by an outbound message, as a workflow rule would. */
  notify(id: string): Promise<boolean>
}

/** An account as people see it. */
export interface AccountRow {
  readonly id: string
  readonly name: string
  readonly number: string
  readonly active: boolean
  readonly erpNumber: string
}

export async function openSystems(hooks: string): Promise<Customers> {
  const both = await openSalesforceAndSap()
  const { org } = both.crm
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    ...both,
    accounts: () =>
      [...org.records('Account')]
        .filter(({ deleted }) => !deleted)
        .map(({ id, values }) => ({
          id,
          name: text(values.Name),
          number: text(values.AccountNumber),
          active: values.Active__c === true,
          erpNumber: text(values.ERP_Number__c),
        })),
    notify: (id) =>
      sendOutboundMessage(`${hooks}/crm?token=${hookSecret}`, org.id, [
        { object: 'Account', id, notificationId: `04l${id.slice(3)}` },
      ]),
  }
}
