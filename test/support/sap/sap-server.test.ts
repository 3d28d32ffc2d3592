/** The fake S/4HANA, tested with a third-party client: SAP's own `@sap-cloud-sdk/http-client`. */
import { executeHttpRequest, type HttpRequestConfig, type HttpResponse } from '@sap-cloud-sdk/http-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { businessPartnerPath } from './business-partner.ts'
import { salesOrderPath, salesOrderPathV4 } from './sales-order.ts'
import { type SapServer, startSapServer } from './server.ts'

let sap: SapServer
beforeEach(async () => {
  sap = await startSapServer()
})
afterEach(() => sap.close())

const collection = `${businessPartnerPath}/A_BusinessPartner`
const partner = { BusinessPartnerCategory: '2', OrganizationBPName1: 'Nordwind AG' }

async function send(
  request: HttpRequestConfig,
  options: { fetchCsrfToken?: boolean; password?: string } = {},
): Promise<HttpResponse> {
  const { fetchCsrfToken = true, password = 'Welcome1' } = options
  const destination = {
    url: sap.url,
    username: 'ISTHMUS',
    password,
    authentication: 'BasicAuthentication' as const,
    sapClient: '100',
  }
  return executeHttpRequest(destination, { validateStatus: () => true, ...request }, { fetchCsrfToken })
}

function create(data: unknown): Promise<HttpResponse> {
  return send({ method: 'post', url: collection, data })
}

describe("SAP's own client", () => {
  test('fetches a token for its first write and creates a partner, numbered by the system', async () => {
    const response = await create(partner)
    expect(response.status).toBe(201)
    expect(response.data.d).toMatchObject({ BusinessPartner: '1000001', OrganizationBPName1: 'Nordwind AG' })
    expect(response.data.d.CreationDate).toMatch(/^\/Date\(\d+\)\/$/)
    expect(response.data.d.CreationTime).toMatch(/^PT\d\dH\d\dM\d\dS$/)
    expect(sap.partners.count()).toBe(1)
  })

  test('is refused without a token, with the requirement in a header', async () => {
    const response = await send({ method: 'post', url: collection, data: partner }, { fetchCsrfToken: false })
    expect(response.status).toBe(403)
    expect(response.headers['x-csrf-token']).toBe('Required')
    expect(sap.partners.count()).toBe(0)
  })

  test('is refused with a wrong password', async () => {
    expect((await send({ method: 'get', url: collection }, { password: 'wrong' })).status).toBe(401)
  })

  test('reads, filters, counts and follows the links of pages', async () => {
    for (let at = 0; at < 3; at += 1) sap.partners.create({ ...partner, SearchTerm1: `T${at}` })
    const one = await send({ method: 'get', url: `${collection}('1000002')` })
    expect(one.headers.etag).toBe(one.data.d.__metadata.etag)
    const filter = encodeURIComponent("SearchTerm1 eq 'T1' or startswith(SearchTerm1,'T2')")
    const hits = await send({ method: 'get', url: `${collection}?$filter=${filter}&$inlinecount=allpages` })
    expect(hits.data.d.__count).toBe('2')
    const first = await send({ method: 'get', url: collection, headers: { prefer: 'odata.maxpagesize=2' } })
    expect(first.data.d.results).toHaveLength(2)
    const next = new URL(first.data.d.__next)
    const second = await send({ method: 'get', url: next.pathname + next.search })
    expect(second.data.d.results).toHaveLength(1)
  })

  test('requires ETags: 428 without one, 412 with an old one, 204 with the current one', async () => {
    sap.partners.create(partner)
    const url = `${collection}('1000001')`
    const { etag } = (await send({ method: 'get', url })).headers
    const change = (headers: Record<string, string>) =>
      send({ method: 'patch', url, data: { SearchTerm1: 'N' }, headers })
    expect((await change({})).status).toBe(428)
    expect((await change({ 'if-match': etag })).status).toBe(204)
    const stale = await change({ 'if-match': etag })
    expect(stale.status).toBe(412)
    expect(stale.data.error.innererror.errordetails).toHaveLength(1)
  })

  test('sends a change set, which is applied as a whole or not at all', async () => {
    const set = (bodies: readonly object[]): string =>
      [
        '--b',
        'Content-Type: multipart/mixed; boundary=c',
        '',
        ...bodies.flatMap((body) => [
          '--c',
          'Content-Type: application/http',
          'Content-Transfer-Encoding: binary',
          '',
          'POST A_BusinessPartner HTTP/1.1',
          'Content-Type: application/json',
          'Accept: application/json',
          '',
          JSON.stringify(body),
        ]),
        '--c--',
        '--b--',
        '',
      ].join('\r\n')
    const batch = (data: string) =>
      send({
        method: 'post',
        url: `${businessPartnerPath}/$batch`,
        data,
        headers: { 'content-type': 'multipart/mixed; boundary=b' },
      })
    const good = await batch(set([partner, partner]))
    expect(good.status).toBe(202)
    expect(good.data.match(/HTTP\/1\.1 201 Created/g)).toHaveLength(2)
    const bad = await batch(set([partner, { ...partner, BusinessPartnerCategory: '9' }]))
    expect(bad.data.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
    expect(sap.partners.count()).toBe(2)
  })

  test('inserts an order with its items, and finds it again over V4 with exact decimals', async () => {
    sap.partners.create(partner)
    const order = await send({
      method: 'post',
      url: `${salesOrderPath}/A_SalesOrder`,
      data: {
        SalesOrderType: 'OR',
        SalesOrganization: '1010',
        DistributionChannel: '10',
        OrganizationDivision: '00',
        SoldToParty: '1000001',
        to_Item: {
          results: [
            { Material: 'TG11', NetAmount: '0.100' },
            { Material: 'TG12', NetAmount: '0.2' },
          ],
        },
      },
    })
    expect(order.data.d).toMatchObject({ SalesOrder: '1', TotalNetAmount: '0.3' })
    const url = `${salesOrderPathV4}/SalesOrder('1')?$expand=_Item`
    const plain = await send({ method: 'get', url })
    expect(plain.data.TotalNetAmount).toBe(0.3)
    const exact = await send({
      method: 'get',
      url,
      headers: { accept: 'application/json;IEEE754Compatible=true' },
    })
    expect(exact.data._Item.map((item: { NetAmount: string }) => item.NetAmount)).toEqual(['0.1', '0.2'])
    expect(exact.headers.etag).toBe(exact.data['@odata.etag'])
  })
})
