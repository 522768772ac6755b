import type { FlowDocument, RunRequest } from '@fairway/contract/flow'
import type { TemplateDocument } from '@fairway/contract/resources/template'
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
  parseTemplate(
    value: unknown,
  ): { ok: true; document: TemplateDocument } | { ok: false; problems: DocumentProblem[] }
  /** `projectId`: the project that the template belongs to. */
  checkTemplate(
    document: TemplateDocument,
    projectId: string | null,
    options?: Pick<FlowCheckOptions, 'values'>,
  ): DocumentProblem[]
  /** The document as a run of the template executes it. */
  runDocument(document: TemplateDocument): FlowDocument
  /** The nodes that a retry puts back to waiting, as they are then. */
  resetForRetry(rows: Iterable<ReleaseNodeRow>): ReleaseNodeRow[]
  /** Every step as far as it can be resolved before anything runs, in document order; loops are not unrolled. */
  foresee(document: FlowDocument, values: RunValues): ForeseenStep[]
  /** The same one by one, with the project of each; what `next` is given is what the step will answer. */
  foreseeEach(
    document: FlowDocument,
    values: RunValues,
    projectId: string | null,
  ): Generator<PlacedStep, void, unknown>
}

/** `at`: its place in the document. `known`: nothing in its spec waits for another step. */
export type PlacedStep = ForeseenStep & {
  at: string
  known: boolean
  projectId: string | null
  updateMode?: 'put' | 'patch' | undefined
}

export type ForeseenStep = {
  kind: string
  ref: string | null
  path: string
  /** The spec; what depends on the run is left as its expression. */
  spec: unknown
  skipped: boolean
}
