import type { FlowDocument, RunRequest } from '@fairway/contract/flow'
import type { ReleaseNodeRow } from '../../db/release-nodes.ts'
import type { StageFacts } from '../../db/stage-facts.ts'
import type { RunValues } from '../runs/run-values.ts'

/** A rule that a document breaks: where, and a sentence that says what to do. */
export type DocumentProblem = { path: string; rule: string }

export type FlowCheckOptions = {
  /** The other flows that a step may start, by `addressKey`. */
  flows?: ReadonlyMap<string, FlowDocument>
  /** What a run would be given; absent when a document is only saved. */
  values?: RunValues
}

export type Read = { ok: true; document: FlowDocument } | { ok: false; problems: DocumentProblem[] }

/** What operations ask of the pure flow engine; `flows/rules.ts` gives it. */
export type FlowRules = {
  parse(value: unknown): Read
  /** The document as one run executes it, with what the request replaces. */
  override(document: FlowDocument, request: Pick<RunRequest, 'overrides' | 'releaseNodeOverrides'>): Read
  check(document: FlowDocument, stage: StageFacts, options?: FlowCheckOptions): DocumentProblem[]
  /** The nodes that a retry puts back to waiting, as they are then. */
  resetForRetry(rows: Iterable<ReleaseNodeRow>): ReleaseNodeRow[]
  /** Every step as far as it can be resolved before anything runs, in document order; loops are not unrolled. */
  foresee(document: FlowDocument, values: RunValues): ForeseenStep[]
}

export type ForeseenStep = {
  kind: string
  ref: string | null
  path: string
  /** The spec; what depends on the run is left as its expression. */
  spec: unknown
  skipped: boolean
}
