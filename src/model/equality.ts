/** Which values are taken for equal, by searches and by normalisers. */
/** What a search takes for equal, from the narrowest to the widest. */
export const searchEqualities = ['exact', 'ignoringCase', 'ignoringCaseAndSpace'] as const
/** One of {@link searchEqualities}. */
export type SearchEquality = (typeof searchEqualities)[number]

/** What a field's normalisers take for equal; `wider` than any search declares. */
export type ValueEquality = SearchEquality | 'wider'
