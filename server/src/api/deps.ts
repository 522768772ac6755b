import type { Db } from '../db/db.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'
import type { Sealer } from '../lib/seal.ts'
import type { AddonOffer } from '../operations/addons/offer.ts'
import type { FlowRules } from '../operations/flows/flow-rules.ts'
import type { ResolveImage } from '../operations/registries/external-image.ts'
import type { GitHosts } from '../operations/triggers/git-host-port.ts'
import type { Streams } from './streams/streams-port.ts'

/** Wakes whoever waits on a database notification channel; answers how to stop. */
export type Notifications = {
  on(channel: string, wake: (payload: string) => void): () => void
}

export type DomainRules = {
  mustVerify: boolean
  target: string
  /** What the TXT records of a name say. */
  lookUpTxt(name: string): Promise<string[]>
}

/** Everything handlers may ask for. A handler destructures only what it uses. */
export type ApiDeps = {
  db: Db
  sealer: Sealer
  clock: Clock
  log: Log
  /** Blanks every known secret out of a text. */
  mask(text: string): string
  notifications: Notifications
  streams: Streams
  /** The pure rules of release flows: `flows/rules.ts`. */
  flowRules: FlowRules
  /** How git hosts sign and speak: `hosts/hosts.ts`. */
  gitHosts: GitHosts
  resolveImage: ResolveImage
  /** How domains are proved, and what their DNS records should point to. */
  domains: DomainRules
  /** Which addons can be run here. */
  addonOffers(): Promise<readonly AddonOffer[]>
  /** The branches of a repository. Fails with `repository_unreachable` or `invalid_git_url`. */
  listBranches(url: string, signal: AbortSignal): Promise<{ name: string; sha: string }[]>
}
