/**
 * A standalone API client, configured like a system of a definition: with references to secrets in the
 * environment, `.env` and files.
 */
import { type ApiClientSection, clientFromSection } from '../connectors/kit/client-from-section.ts'
import type { ApiClient } from '../http/client.ts'
import type { ApiClientOptions } from '../http/options.ts'
import { type Environment, loadEnvironment, resolveReferences } from './config.ts'

/** Sources of references, and options that only code can provide. */
export interface OpenApiClientOptions {
  /** Folder of `.env`, and base of paths in `${file:…}`. @default the working directory */
  readonly directory?: string
  /** @default the process's variables, completed from `.env` */
  readonly environment?: Environment
  /** Name of the section in messages. @default 'client' */
  readonly name?: string
  /** Options that a plain object can't contain, or that override it. @default none */
  readonly inCode?: Partial<ApiClientOptions>
}

/**
 * Creates a client from a plain object such as a definition's `systems.crm`, with its `${env:NAME}` and
 * `${file:path}` resolved.
 *
 * @throws CONFIG_SECRET_MISSING, CONNECTOR_CONFIG_INVALID, HTTP_OPTIONS_INVALID; none contains a value
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
