/** The connector `odata`: entity sets of OData services, V2 and V4, as resources. */
import { defineConnector } from '../kit/define-connector.ts'
import { connectServices } from '../kit/odata/connect-services.ts'
import { odataConfig } from './config.ts'

/** The connector as a definition names it. */
export const odata = defineConnector({
  name: 'odata',
  config: odataConfig,
  connect: (config, binding) =>
    connectServices(config, binding, {
      connector: 'odata',
      resources: config.resources ?? {},
      parameters: config.parameters ?? {},
      csrf: config.csrf,
      locks: config.lockCodes ?? [],
      isService: true,
    }),
})
