/**
 * Refuses requests that another site makes with the cookies of a person. Three independent checks: a browser
 * names the site, no form can send JSON, and no other origin can set a header of its own.
 */
import type { FastifyRequest } from 'fastify'
import { IsthmusError } from '../../model/errors.ts'

/** The header that our own pages send with every request that changes something. */
export const ownHeader = 'x-isthmus-request'

/** @throws API_CROSS_SITE */
export function refuseCrossSite(request: FastifyRequest): void {
  const { headers } = request
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') throw refused(`Sec-Fetch-Site is ${String(site)}`)
  if (headers.origin !== undefined && !isOwnOrigin(headers.origin, request))
    throw refused('the Origin is not this server')
  if (site === undefined && headers.origin === undefined)
    throw refused('it has neither Sec-Fetch-Site nor Origin')
  if (headers[ownHeader] === undefined) throw refused(`it has no header ${ownHeader}`)
}

function isOwnOrigin(origin: string, { protocol, headers }: FastifyRequest): boolean {
  return origin === `${protocol}://${headers.host ?? ''}`
}

function refused(why: string): IsthmusError {
  return new IsthmusError('API_CROSS_SITE', `the request may come from another site: ${why}`)
}
