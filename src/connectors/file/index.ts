/**
 * The connector `file`: CSV and JSON lines in a folder, a common way for older systems to exchange records.
 */
import path from 'node:path'
import type { ConnectedSystem } from '../kit/contract.ts'
import { type ConnectorBinding, defineConnector } from '../kit/define-connector.ts'
import { fingerprintFrom } from '../kit/known.ts'
import { resourceNamed } from '../kit/resource-lookup.ts'
import { assertResources, type FileConfig, fileConfig } from './config.ts'
import { describeFiles } from './describe.ts'
import { dialectOf } from './dialect.ts'
import { fileFailure } from './file-owner.ts'
import { Folder } from './folder.ts'
import { type BoundFiles, bindFiles } from './resources.ts'

/** The connector as a definition names it. */
export const file = defineConnector({ name: 'file', config: fileConfig, connect })

function connect(config: FileConfig, { name, dependencies }: ConnectorBinding): ConnectedSystem {
  assertResources(name, config)
  const folder = new Folder(path.resolve(dependencies.baseDirectory ?? '.', config.folder))
  const resources = new Map<string, BoundFiles>()
  for (const [resource, settings] of Object.entries(config.resources)) {
    const { clock } = dependencies
    const owner = { resource, config: settings, system: config, folder, dialect: dialectOf(settings), clock }
    resources.set(resource, bindFiles(owner))
  }
  const boundOf = (resourceName: string): BoundFiles => resourceNamed(resources, resourceName, name)
  return {
    name,
    connector: 'file',
    resource: (resourceName) => boundOf(resourceName).resource,
    // An account is a folder: a drive that is not mounted, or another one in its place, has a different
    // identity.
    fingerprint: () =>
      fingerprintFrom({
        read: () => folder.place(),
        failureOf: (problem) => fileFailure(problem, 'Opening the folder'),
      }),
    describe: (names, context) => describeFiles({ config, boundOf }, names ?? [...resources.keys()], context),
    close: async () => {},
  }
}
