import type { FlowNode } from '@fairway/contract/nodes/kinds'
import type { ExternalSource } from '@fairway/contract/resources/deployment'
import type { Tx } from '../db/db.ts'
import type { ReleaseRunRow } from '../db/release-runs.ts'
import type { Clock } from '../lib/clock.ts'
import type { Sealer } from '../lib/seal.ts'
import type { AddonOffer } from '../operations/addons/offer.ts'
import type { FlowRules } from '../operations/flows/flow-rules.ts'
import type { PublicNames } from '../operations/templates/resource.ts'
import type { CancelResult, NodeResult } from './model.ts'

/** What steps need of the world besides the database. `app.ts` gives it. */
export type NodeDeps = {
  sealer: Sealer
  clock: Clock
  /** Blanks every known secret out of a text. */
  mask(text: string): string
  rules: FlowRules
  /** The commit at the tip of a branch. Throws FairwayErrors `repository_unreachable`, `commit_not_found`. */
  resolveCommit(request: {
    url: string
    branch: string
    signal: AbortSignal
  }): Promise<{ sha: string; message: string }>
  /** The reference with digest that an image reference points at now. Throws as registries do. */
  lookUpImage(use: { projectId: string; external: ExternalSource }, signal: AbortSignal): Promise<string>
  /** Runs a command in an instance of the runtime, without a shell; answers its last output, both streams. */
  exec(
    runtimeId: string,
    request: { command: readonly string[]; timeoutMs: number; signal: AbortSignal },
  ): Promise<{ exitCode: number; output: string }>
  /** Which addons can be run here. */
  addonOffers(): Promise<readonly AddonOffer[]>
  publicNames: PublicNames
  /** Messages may go to addresses that only this network reaches. */
  allowPrivateWebhooks: boolean
}

/** What became of the work on the world that a step asked for. */
export type Acted =
  | { is: 'answer'; value: unknown }
  /** The server stopped meanwhile: nobody knows how far it got. */
  | { is: 'lost' }

/** The run as a step sees it: `project_id` is the project that the step works in, empty when it needs none. */
export type StepRun = ReleaseRunRow & { project_id: string }

export type StepContext<Spec, State> = {
  run: StepRun
  path: string
  ref: string | null
  /** The node as it is written. */
  node: FlowNode
  /** With every expression resolved. */
  spec: Spec
  /** Whether the node has a `condition`: wait for what was started. */
  waits: boolean
  /** What it remembers of earlier passes. */
  state: State | null
  attempt: number
  /** Set in the pass after `act`. */
  acted: Acted | undefined
  /** Seconds left until its deadline. */
  secondsLeft: number
  /** The iteration of the loop around it. */
  loop: { item: unknown; index: number } | undefined
  now: Date
}

/** `act`: do the slow part outside a transaction and come back with its answer. */
export type StepResult = NodeResult | { is: 'act'; state: unknown }

/**
 * One kind of step. `step` is a quick look in the transaction that records its answer: what it starts and what it
 * remembers are committed together, so a crash repeats neither. Only `act` touches the world outside the database.
 */
export type NodeWork<Spec = unknown, State = unknown> = {
  kind: FlowNode['kind']
  step(tx: Tx, context: StepContext<Spec, State>, deps: NodeDeps): Promise<StepResult>
  act?(context: StepContext<Spec, State>, deps: NodeDeps, signal: AbortSignal): Promise<unknown>
  /** Stops what it started; left out: there is nothing to stop. */
  cancel?(tx: Tx, context: StepContext<Spec, State>, deps: NodeDeps): Promise<CancelResult>
}

/** Checked where it is defined; in the list of all kinds the types of spec and state are forgotten. */
export const defineNode = <Spec, State>(work: NodeWork<Spec, State>): NodeWork => work as unknown as NodeWork

export const ended: CancelResult = { is: 'ended' }

/** How often a step looks whether what it waits for has concluded, should a wake-up be missed. */
export const POLL_MS = 2_000
