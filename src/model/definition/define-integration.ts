import type { IntegrationDefinition } from './schema/root.ts'

/**
 * Types a definition written in TypeScript: `export default defineIntegration({ … })` in `isthmus.config.ts`.
 *
 * It returns its argument unchanged; the definition is checked when it is loaded, like a YAML file. Functions
 * are allowed where YAML has expressions and must be pure: no clock, randomness or I/O, or two workers could
 * merge one record differently.
 */
export function defineIntegration<const D extends IntegrationDefinition>(definition: D): D {
  return definition
}
