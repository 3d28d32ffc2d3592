/** The API client of the Geocoding API. */
import type { ApiClient } from '../../http/client.ts'
import type { SystemTiming } from '../../model/integration.ts'
import { callOptions } from '../kit/call-options.ts'
import { connectClient } from '../kit/connection.ts'
import type { CallContext } from '../kit/contract.ts'
import type { ConnectorBinding } from '../kit/define-connector.ts'
import type { GoogleMapsConfig } from './config.ts'

/** Google allows 3,000 requests per minute for a project. */
const perMinute = 3_000

/** Geocodes one address and returns the response's body. */
export type AskGeocoding = (address: string, context: CallContext) => Promise<unknown>

/** Creates the API client of a system; the caller closes it. @throws UsageError HTTP_OPTIONS_INVALID */
export function connectGoogleMaps(config: GoogleMapsConfig, binding: ConnectorBinding): ApiClient {
  const auth = { type: 'api-key', query: 'key', value: config.auth.value } as const
  return connectClient({ ...config, auth }, binding, {
    limits: { rates: [{ requests: perMinute / 60, perMs: 1_000 }] },
  })
}

/** Binds the only call. */
export function askGeocoding(
  client: ApiClient,
  { language, region, countries }: GoogleMapsConfig,
  timing: SystemTiming,
): AskGeocoding {
  return async (address, context) => {
    const components = countries?.map((country) => `country:${country}`).join('|')
    const query = { address, language, region, components }
    const response = await client.send('GET', '/maps/api/geocode/json', {
      query,
      ...callOptions(context),
      totalMs: timing.readTimeoutMs,
    })
    return response.data
  }
}
