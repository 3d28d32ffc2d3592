/**
 * The connector `google-maps`: geocoding as a lookup of rules, `$geocode(address)`. It holds no records and
 * takes no part in a sync.
 */
import { durationMs } from '../../model/definition/duration.ts'
import { UsageError } from '../../model/errors.ts'
import type { CallContext, ConnectedSystem, LookupResult } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { callFailure } from '../kit/outcome.ts'
import { type AskGeocoding, askGeocoding, connectGoogleMaps } from './client.ts'
import { type GoogleMapsConfig, googleMapsConfig } from './config.ts'
import { geocodeLookups } from './lookups.ts'
import { readResponse } from './response.ts'
import { ResponseCache } from './response-cache.ts'

/** The connector as a definition names it. */
export const googleMaps = defineConnector({
  name: 'google-maps',
  role: 'lookup',
  lookups: geocodeLookups,
  config: googleMapsConfig,
  connect,
})

/** Google allows coordinates to be kept for this long. */
const longestMs = 30 * 86_400_000

function connect(config: GoogleMapsConfig, binding: ConnectorBinding): ConnectedSystem {
  const { name, dependencies, timing } = binding
  const client = connectGoogleMaps(config, binding)
  const ask = askGeocoding(client, config, timing)
  const cache = new ResponseCache({
    max: config.cacheMax,
    lifeMs: Math.min(longestMs, durationMs(config.cacheFor) ?? 0),
    now: () => dependencies.clock.now(),
  })
  return {
    name,
    connector: 'google-maps',
    resource: (resource) => {
      throw new UsageError(
        'CONNECTOR_RESOURCE_UNKNOWN',
        `The system ${name} has no resource "${resource}": it answers $geocode in rules and holds no records.`,
      )
    },
    // Nothing is ever deleted because of its answers, so the address identifies the account.
    fingerprint: async () => ({ kind: 'known', value: config.url }),
    lookup: async ({ lookup, argument }, context) =>
      lookup === 'geocode'
        ? cache.response(argument, () => geocode(ask, { address: argument, config }, context))
        : unknownLookup(name, lookup),
    close: () => client.close(),
  }
}

async function geocode(
  ask: AskGeocoding,
  { address, config }: { readonly address: string; readonly config: GoogleMapsConfig },
  context: CallContext,
): Promise<LookupResult> {
  try {
    return readResponse(await ask(address, context), config.partialMatches)
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

function unknownLookup(name: string, lookup: string): LookupResult {
  const message = `${name} does not provide $${lookup}`
  return { kind: 'refused', failure: { code: 'LOOKUP_FAILED', message, scope: 'record' } }
}
