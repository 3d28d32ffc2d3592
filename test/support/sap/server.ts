/** A fake SAP S/4HANA: the business partner and sales order services with CSRF sessions and basic authentication. See README.md. */
import {
  type BackDoor,
  type ODataServer,
  type ODataServerOptions,
  startODataServer,
} from '../odata/server.ts'
import { businessPartnerPath, businessPartnerService } from './business-partner.ts'
import { salesOrderPath, salesOrderService, salesOrderServiceV4 } from './sales-order.ts'

export interface SapServerOptions extends Partial<Omit<ODataServerOptions, 'services'>> {
  /** @default ISTHMUS */
  readonly user?: string
  /** @default Welcome1 */
  readonly password?: string
}

export interface SapServer {
  readonly server: ODataServer
  readonly url: string
  readonly partners: BackDoor
  readonly addresses: BackDoor
  readonly identifications: BackDoor
  readonly orders: BackDoor
  readonly items: BackDoor
  close(): Promise<void>
}

export async function startSapServer(options: SapServerOptions = {}): Promise<SapServer> {
  const { user = 'ISTHMUS', password = 'Welcome1', ...rest } = options
  const credential = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const server = await startODataServer({
    services: [businessPartnerService, salesOrderService, salesOrderServiceV4],
    admits: (authorization) => authorization === credential,
    csrf: true,
    client: '100',
    ...rest,
  })
  return {
    server,
    url: server.url,
    partners: server.table(businessPartnerPath, 'A_BusinessPartner'),
    addresses: server.table(businessPartnerPath, 'A_BusinessPartnerAddress'),
    identifications: server.table(businessPartnerPath, 'A_BuPaIdentification'),
    orders: server.table(salesOrderPath, 'A_SalesOrder'),
    items: server.table(salesOrderPath, 'A_SalesOrderItem'),
    close: () => server.close(),
  }
}
