/** An API client alone, configured like a system of a definition: secrets by reference, from the environment, `.env` and files. */
import { type ApiClientSection, clientFromSection } from '../connectors/kit/client-from-section.ts'
import type { ApiClient } from '../http/client.ts'
import type { ApiClientOptions } from '../http/options.ts'
import { type Environment, loadEnvironment, resolveReferences } from './config.ts'

/** Where references lead, and what only code can give. */
export interface OpenApiClientOptions {
  /** Folder of `.env`, and what paths of `${file:…}` are relative to. @default the working directory */
  readonly directory?: string
  /** @default the process's variables, completed from `.env` */
  readonly environment?: Environment
  /** What the section is, for messages. @default 'client' */
  readonly name?: string
  /** Options that a plain object can't hold, or that stand over it. @default none */
  readonly inCode?: Partial<ApiClientOptions>
}

/**
 * Makes a client from a plain object such as a definition's `systems.crm`, with its `${env:NAME}` and `${file:path}` filled in.
 *
 * @throws CONFIG_SECRET_MISSING, CONNECTOR_CONFIG_INVALID, HTTP_OPTIONS_INVALID; none quotes a value
 */
export function openApiClient(
  section: ApiClientSection | Readonly<Record<string, unknown>>,
  options: OpenApiClientOptions = {},
): ApiClient {
  const { directory = '.', name = 'client', inCode } = options
  const environment = options.environment ?? loadEnvironment(directory)
  const resolved = resolveReferences(section, { environment, directory, place: name })
  return clientFromSection(resolved, name, inCode)
}
