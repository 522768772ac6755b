/**
 * A version to run. `digest` is the content digest of a bundle or the reference of an image; `source` is what people
 * named it by: `{internal: {id, branch, buildSHA, buildId}}` or `{external: {imagePath, credentials}}`.
 */
export type ArtifactChoice = { kind: 'bundle' | 'image'; digest: string; buildId?: string; source: unknown }

/** The id of the registry credentials that the image of a source is pulled with. */
export const credentialsOf = (source: unknown): string | undefined =>
  (source as { external?: { credentials?: string } } | null)?.external?.credentials
