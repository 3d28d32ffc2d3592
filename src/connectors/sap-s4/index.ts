/** The connector `sap-s4`: SAP S/4HANA over its OData services, with presets for the first resources. */
import { z } from 'zod'
import { parseConfig } from '../kit/config-findings.ts'
import { defineConnector } from '../kit/define-connector.ts'
import { connectServices } from '../kit/odata/connect-services.ts'
import { type ResourceSettings, resourceSchema } from '../kit/odata/settings.ts'
import { type SapS4Config, sapS4Config } from './config.ts'
import { lockCodes, presetResources } from './resources.ts'
import { bindWebhooks } from './webhooks.ts'

/** The connector as a definition names it. */
export const sapS4 = defineConnector({
  name: 'sap-s4',
  config: sapS4Config,
  connect: (config, binding) => {
    const { resources: _presets, ...connection } = config
    const webhook = bindWebhooks(config.webhooks)
    const system = connectServices(connection, binding, {
      connector: 'sap-s4',
      resources: resourcesOf(config, `systems.${binding.name}.resources`),
      parameters: {
        ...config.parameters,
        ...(config.client === undefined ? {} : { 'sap-client': config.client }),
        'sap-language': config.language,
      },
      csrf: 'ahead',
      isService: false,
      locks: [...lockCodes, ...(config.lockCodes ?? [])],
    })
    return webhook === undefined ? system : { ...system, webhook }
  },
})

const resourcesSchema = z.record(z.string(), resourceSchema)

/**
 * Returns the presets with the section's settings merged over them. @throws UsageError
 * CONNECTOR_CONFIG_INVALID
 */
function resourcesOf(config: SapS4Config, place: string): Readonly<Record<string, ResourceSettings>> {
  const presets = presetResources(config)
  const given = Object.entries(config.resources ?? {}).map(([name, own]) => {
    const preset = Object.hasOwn(presets, name) ? presets[name] : undefined
    return [name, { ...preset, ...own }] as const
  })
  return parseConfig(resourcesSchema, { ...presets, ...Object.fromEntries(given) }, place)
}
