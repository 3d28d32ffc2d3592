/** Isthmus: what a definition written in TypeScript needs, and the errors every part of it throws. */
export { defineIntegration } from './model/definition/define-integration.ts'
export { DefinitionError, type Finding, findingText } from './model/definition/finding.ts'
export type { IntegrationDefinition } from './model/definition/schema/root.ts'
export type { ErrorCode } from './model/error-codes.ts'
export { IsthmusError, isIsthmusError, type Outcome, type Retry, UsageError } from './model/errors.ts'
export type { Candidate, Integration } from './model/integration.ts'
export type { ReadFunction, WriteFunction } from './model/lens/spec.ts'
export type { CanonicalDocument, CanonicalValue, NativeRecord } from './model/values.ts'
