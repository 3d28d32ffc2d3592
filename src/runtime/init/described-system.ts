/** A system according to its own description, from which a first definition is generated. */
import type { ResourceDescription } from '../../connectors/kit/description.ts'

/** An environment variable that the definition refers to. */
export interface NeededVariable {
  /** Without the system's name: `TOKEN` of the system crm is `CRM_TOKEN`. */
  readonly name: string
  /** True if the name is complete because the user chose it. @default false */
  readonly whole?: boolean
  /** Known value; never a secret. */
  readonly value?: string
}

/** One available resource. */
export interface DescribedResource {
  readonly name: string
  readonly description: ResourceDescription
  /** Its declaration in the section or the manifest. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly canCreate: boolean
  readonly canUpdate: boolean
  /** True if, according to the description, writes have a precondition that the system honours. */
  readonly conditional: boolean
  /** Missing information that a person should look up. */
  readonly notes: readonly string[]
  /** Number of sampled records, for a resource without a description. */
  readonly sampled?: number
}

/** One system. */
export interface DescribedSystem {
  readonly name: string
  readonly connector: string
  /**
   * The system's section without its resources. `{env:NAME}` in a text stands for a variable of the system,
   * `${env:NAME}` for one of that name.
   */
  readonly section: Readonly<Record<string, unknown>>
  /**
   * Where resources are described: in a separate manifest file or in the section, under a key of the section,
   * or in a built-in manifest.
   */
  readonly resourcesIn: 'manifest' | 'inline' | 'tables' | 'resources' | 'built-in'
  /** Further keys of the manifest. */
  readonly manifest?: Readonly<Record<string, unknown>>
  readonly variables: readonly NeededVariable[]
  readonly resources: readonly DescribedResource[]
  readonly notes: readonly string[]
}

/** The source of a description. */
export interface DescriptionSource {
  /** The system's name in the definition. */
  readonly name: string
  /** A file or a URL. */
  readonly from: string
  /** Folder that a file is relative to. */
  readonly directory: string
  /** Bearer token for a URL that requires one. */
  readonly token?: string | undefined
  readonly signal: AbortSignal
}
