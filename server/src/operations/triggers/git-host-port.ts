import type { GitEvent, GitHostName } from '@fairway/contract/resources/trigger-event'

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>

/** How one kind of git host speaks: pure, apart from the hashing. */
export type GitHost = {
  readonly name: GitHostName
  /** The host's own id of a delivery, the same when it delivers again; undefined when it gives none. */
  deliveryId(headers: Headers): string | undefined
  /** Whether the delivery was signed with this secret. Takes the same time however wrong it is. */
  verify(headers: Headers, rawBody: Buffer, secret: string): Promise<boolean>
  /**
   * The events of a delivery in the words of all hosts: one for each branch or tag that moved, at least one. Never
   * throws: what is not understood is of kind `other`.
   */
  parse(headers: Headers, body: unknown): [GitEvent, ...GitEvent[]]
}

/** The hosts by name. */
export type GitHosts = Readonly<Record<GitHostName, GitHost>>
