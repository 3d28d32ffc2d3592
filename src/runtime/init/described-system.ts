/** A system as its own description tells it: what a first definition is written from. */
import type { ResourceDescription } from '../../connectors/kit/description.ts'

/** A variable of the environment that the definition refers to. */
export interface NeededVariable {
  /** Without the system's name: `TOKEN` of the system crm is `CRM_TOKEN`. */
  readonly name: string
  /** The name is whole: a person chose it. @default false */
  readonly whole?: boolean
  /** What is known of it; never a secret. */
  readonly value?: string
}

/** One resource that can be chosen. */
export interface DescribedResource {
  readonly name: string
  readonly description: ResourceDescription
  /** What the section or the manifest says about it. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly canCreate: boolean
  readonly canUpdate: boolean
  /** Writes carry a precondition that the system honours, as far as the description says. */
  readonly conditional: boolean
  /** What nobody told and somebody should look up. */
  readonly notes: readonly string[]
  /** For a resource that only records tell of: how many were looked at. */
  readonly sampled?: number
}

/** One system. */
export interface DescribedSystem {
  readonly name: string
  readonly connector: string
  /** The system's section without its resources. `{env:NAME}` in a text stands for a variable of the system, `${env:NAME}` for one of that name. */
  readonly section: Readonly<Record<string, unknown>>
  /** Where resources are described: in a manifest of its own file or in the section, below a key of the section, or in a built-in manifest. */
  readonly resourcesIn: 'manifest' | 'inline' | 'tables' | 'resources' | 'built-in'
  /** Further keys of the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>
  readonly variables: readonly NeededVariable[]
  readonly resources: readonly DescribedResource[]
  readonly notes: readonly string[]
}

/** What a description is read from. */
export interface DescriptionSource {
  /** The system's name in the definition. */
  readonly name: string
  /** A file or an address. */
  readonly from: string
  /** Folder that a file is relative to. */
  readonly directory: string
  /** Bearer token for an address that asks for one. */
  readonly token?: string | undefined
  readonly signal: AbortSignal
}
