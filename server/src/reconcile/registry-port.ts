export type RegistryCredentials = { username: string; password: string }

export type ImageRequest = {
  /** As a person writes it: `nginx`, `nginx:1.27`, `registry.example.com/team/app@sha256:…`. */
  reference: string
  credentials?: RegistryCredentials
  signal?: AbortSignal
}

/** One image for ever. `reference` is `registry/repository@sha256:…`; `digest` is what the tag pointed at. */
export type ResolvedImage = { reference: string; digest: string }

/**
 * Registries that speak the OCI distribution protocol. Failures are FairwayErrors: `image_not_found`, `image_denied`,
 * `image_platform`, `registry_unreachable`, `invalid_request`.
 */
export type ImageRegistry = {
  /** The digest a reference points at now. Refuses an image without this host's platform. */
  resolve(request: ImageRequest): Promise<ResolvedImage>
  /**
   * What a tag points at now, by a question that registries do not count as a pull. Undefined: the registry does not
   * say; `resolve` finds out.
   */
  peek(request: ImageRequest): Promise<string | undefined>
  /** All tags of the repository that `reference` names. */
  tags(request: ImageRequest): Promise<string[]>
}
