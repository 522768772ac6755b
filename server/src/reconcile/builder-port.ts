import type { ProcessLimits } from '@fairway/contract/resources/shapes'
import type { RegistryCredentials } from './registry-port.ts'
import type { ArtifactRef } from './runtime-port.ts'

/** A checked-out source tree. `cleanUp` removes it. */
export type Checkout = {
  directory: string
  sha: string
  branch: string
  message: string
  cleanUp(): Promise<void>
}

/** Where code comes from. Every failure is a FairwayError: repository_unreachable, commit_not_found, invalid_git_url. */
export type Source = {
  /** The commit at the tip of a branch. */
  resolve(request: {
    url: string
    branch: string
    signal?: AbortSignal
  }): Promise<{ sha: string; message: string }>
  branches(request: { url: string; signal?: AbortSignal }): Promise<{ name: string; sha: string }[]>
  /** A shallow clone of exactly that commit in a fresh directory below `into`. */
  checkout(request: {
    url: string
    branch: string
    sha: string
    into: string
    log: (line: string) => void
    signal: AbortSignal
  }): Promise<Checkout>
}

export type BuildRequest = {
  /** Whose build: names the image's repository and the cache. */
  owner: { projectId: string; ownerId: string }
  /** Absent: the builder finds out, from a Dockerfile at the root of the context or from what kind of code it is. */
  dockerfile?: { path: string; target?: string; useCache: boolean }
  buildpack?: { builder?: string; locators: readonly string[]; useCache: boolean }
  /** By id, for `RUN --mount=type=secret,id=…`: never in a layer, an image's history or a log. */
  secrets: Readonly<Record<string, string>>
  /** Logins for base images, by registry host. */
  registries?: Readonly<Record<string, RegistryCredentials>>
  /** What the build itself may use. */
  limits: ProcessLimits
  /** Directory inside the checkout that is the build context, `/` for its root. Never leaves the checkout. */
  context: string
  checkout: Checkout
  arguments: Readonly<Record<string, string>>
  files: readonly { path: string; contentBase64: string }[]
  log: (line: string) => void
  signal: AbortSignal
}

/** What a build made. `digest` is `sha256:<hex>` of its content. */
export type BuiltArtifact = {
  digest: string
  kind: 'bundle' | 'image'
  sizeBytes: number
  /** Start commands by process type, as argument vectors or shell lines, from the Procfile or package.json. */
  processes: Readonly<Record<string, string>>
}

/** Makes a checkout into an immutable artifact. Failures are FairwayErrors `build_failed`, `aborted`, `invalid_path`, `disk_full`. */
export type Builder = {
  build(request: BuildRequest): Promise<BuiltArtifact>
  /** Where the artifact lies for the runtime, or undefined when it is not kept any more. */
  locate(digest: string): Promise<ArtifactRef | undefined>
  /** Removes every artifact that is not in `keep`; answers what went. */
  collect(keep: ReadonlySet<string>): Promise<string[]>
}

export type BuildLogWriter = {
  /** Adds a line; written within a moment. Never throws: a full disk must not look like a failed build. */
  append(text: string): void
  /** The newest lines that were added. */
  last(): string[]
  close(): void
}

/** Where the output of builds goes. */
export type BuildLog = {
  /** Goes on after what an earlier attempt wrote. `onError` is told once when lines cannot be written. */
  open(build: { projectId: string; buildId: string }, onError: (error: unknown) => void): BuildLogWriter
}
